// What a forecast says at an instant: which forecasts speak of it, and their values between the steps that were reckoned.
import type { HazardForecastLine, HazardMap } from '../api/client'
import { levelReached } from '../lib/hazards'

export const HOUR_MS = 3_600_000
export type When = 'past' | 'now' | 'forecast'
export interface Reached { area: string; name: string; lon: number; lat: number; residents: number; median: number; high: number; level: number; front: boolean }
export interface Spoken { line: HazardForecastLine; map: HazardMap; reached: Reached[]; greatest: number }

export const whenOf = (at: number, now: number): When => (Math.abs(at - now) < 1000 ? 'now' : at < now ? 'past' : 'forecast')

/** Of each hazard the newest forecast that had been made by then (and by now) and still went on then. */
export function covering(lines: readonly HazardForecastLine[], at: number, now: number): HazardForecastLine[] {
  const found = new Map<string, HazardForecastLine>()
  for (const line of [...lines].sort((a, b) => b.issued_at.localeCompare(a.issued_at))) {
    const from = Date.parse(line.issued_at)
    if (from <= Math.min(at, now) && at <= from + line.hours * HOUR_MS && !found.has(line.hazard)) found.set(line.hazard, line)
  }
  return [...found.values()]
}

/** A value between two steps; before the first it rises from nothing. */
export function valueAt(times: readonly number[], values: readonly number[], seconds: number): number {
  const next = times.findIndex((one) => one >= seconds)
  if (next < 0) return values.at(-1) ?? 0
  const [t1, v1] = [times[next]!, values[next] ?? 0]
  const [t0, v0] = next > 0 ? [times[next - 1]!, values[next - 1] ?? 0] : [0, 0]
  return t1 > t0 ? v0 + ((v1 - v0) * (seconds - t0)) / (t1 - t0) : v1
}

/** The areas that a forecast reaches at an instant, the worst first: by half of its runs, or possibly. `front`: reached since the step before. */
export function reachedAt(line: HazardForecastLine, map: HazardMap, at: number): Spoken {
  const seconds = (at - Date.parse(line.issued_at)) / 1000
  const step = (map.times_s.at(-1) ?? 0) / Math.max(1, map.times_s.length)
  const reached = map.areas.flatMap((one): Reached[] => {
    const [median, high] = [valueAt(map.times_s, one.median, seconds), valueAt(map.times_s, one.high, seconds)]
    const level = levelReached(map, median)
    const front = one.arrival_s !== null && one.arrival_s <= seconds && one.arrival_s > seconds - step
    return level > 0 || levelReached(map, high) > 0 ? [{ area: one.area, name: one.name, lon: one.lon, lat: one.lat, residents: one.residents, median, high, level, front }] : []
  }).sort((a, b) => b.median - a.median || b.high - a.high || a.area.localeCompare(b.area))
  return { line, map, reached, greatest: reached[0]?.median ?? 0 }
}

/** From which instant to which the scene's time goes: a day back, and as far ahead as a forecast that goes on. */
export function spanOf(lines: readonly HazardForecastLine[], now: number): [number, number] {
  const ends = lines.map((one) => Date.parse(one.issued_at) + one.hours * HOUR_MS)
  return [now - 24 * HOUR_MS, Math.max(now + 12 * HOUR_MS, ...ends)]
}

export type FloorState = 'dry' | 'wet' | 'under' | 'maybe' | 'plume' | 'plumeMaybe' | 'fire'
export interface Floor { number: number; low: number; high: number; states: { is: FloorState; m?: number }[] }
const FLOOR_M = 3

/** The floors of a building, and what of the forecasts of its area reaches each. Plumes and fires are simulated at the ground alone. */
export function floorsOf(height: number, told: number | null, areas: readonly string[], spoken: readonly Spoken[]): Floor[] {
  const count = Math.max(1, told ?? Math.round(height / FLOOR_M))
  const each = height / count
  return Array.from({ length: count }, (_, n): Floor => {
    const [low, high] = [n * each, (n + 1) * each]
    const states = spoken.flatMap(({ line, reached }): Floor['states'] => {
      const here = reached.find((one) => areas.includes(one.area))
      if (!here) return []
      if (line.hazard === 'flood') {
        if (here.median >= high) return [{ is: 'under' }]
        if (here.median > low) return [{ is: 'wet', m: here.median - low }]
        return here.high > low ? [{ is: 'maybe' }] : []
      }
      if (line.hazard === 'chemical') return [{ is: n === 0 && here.level > 0 ? 'plume' : 'plumeMaybe' }]
      return line.hazard === 'fire' && here.level > 0 ? [{ is: 'fire' }] : []
    })
    return { number: n + 1, low, high, states: states.length ? states : [{ is: 'dry' }] }
  })
}

/** A value in a unit in which its figures can be read: a plume has millionths of a kilogram, a fire burns so much of each hundred. */
export const scaled = (value: number, unit: string): [number, string] => (unit === 'kg/m3' ? [value * 1e6, 'mg/m³'] : unit === 'share' ? [value * 100, '%'] : [value, unit])

/** Hours, minutes and seconds of a rehearsal, as its clock shows them. */
export const clockOf = (seconds: number): string => [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, Math.floor(seconds) % 60].map((one) => String(one).padStart(2, '0')).join(':')
