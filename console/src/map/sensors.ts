// The latest of a layer: unpacks the server's columns (see service/city/layer_points.py), gives each its colour, finds the nearest.
import type { Map as MapType } from 'maplibre-gl'

export const HEADER = 24
const STEPS = 65_535
export const STALE = 1
export const DOUBTFUL = 2
const KIND = 0x0f

/** n sensors: `row` is the place of each in the list of its layer; `at` lon, lat in turn. */
export interface Sensors { length: number; row: Uint32Array; at: Float32Array; value: Float32Array; state: Uint8Array }

export function unpackSensors(buffer: ArrayBuffer): Sensors {
  const head = new DataView(buffer)
  const n = head.getUint32(4, true)
  const [west, south, east, north] = [8, 12, 16, 20].map((from) => head.getFloat32(from, true)) as [number, number, number, number]
  const lon = new Uint16Array(buffer, HEADER + 4 * n, n)
  const lat = new Uint16Array(buffer, HEADER + 6 * n, n)
  const at = new Float32Array(2 * n)
  for (let i = 0; i < n; i++) {
    at[2 * i] = west + (lon[i]! / STEPS) * (east - west)
    at[2 * i + 1] = south + (lat[i]! / STEPS) * (north - south)
  }
  // columns begin where they end: 8 n is a multiple of four, so that floats may be read in place
  return { length: n, row: new Uint32Array(buffer, HEADER, n), at, value: new Float32Array(buffer, HEADER + 8 * n, n), state: new Uint8Array(buffer, HEADER + 12 * n, n).map((one) => one & KIND) }
}

/** The class of a value: how many of the rising breaks it has reached. */
export function classOfValue(value: number, breaks: readonly number[]): number {
  let found = 0
  while (found < breaks.length && value >= breaks[found]!) found++
  return found
}

/** Colours of the classes from good to bad; where less is worse, the other way round. */
export function rampFor(count: number, worse: 'high' | 'low', ramp: readonly [number, number, number][]): [number, number, number][] {
  const found = Array.from({ length: count + 1 }, (_, n) => ramp[Math.round((n / Math.max(1, count)) * (ramp.length - 1))]!)
  return worse === 'low' ? found.reverse() : found
}

export const RAMP: readonly [number, number, number][] = [[38, 115, 140], [94, 156, 118], [216, 179, 62], [205, 110, 36], [163, 32, 32]]
const GREY: [number, number, number] = [128, 134, 144]
export const css = ([r, g, b]: readonly [number, number, number]): string => `rgb(${r} ${g} ${b})`

/** The class that a sensor is drawn in; what is stale or doubtful comes after all classes. */
export const shownClass = (state: number, value: number, breaks: readonly number[]): number => (state === 0 ? classOfValue(value, breaks) : breaks.length + 1)

export interface Coloured { colours: Uint8Array; order: Uint32Array }

/** Four bytes for each; classes that are turned `off` are not to be seen. `order` is that of drawing: what is stale or doubtful first, the worst last and so on top. */
export function colour(sensors: Sensors, breaks: readonly number[], worse: 'high' | 'low', off: readonly number[] = []): Coloured {
  const { length, state, value } = sensors
  const grey = breaks.length + 1
  const ramp = [...rampFor(breaks.length, worse, RAMP), GREY]
  const palette = new Uint32Array(Uint8Array.from(ramp.flatMap((one, at) => (off.includes(at) ? [0, 0, 0, 0] : [...one, at === grey ? 130 : 235]))).buffer)
  const marks = Float64Array.from(breaks)
  const rank = new Uint8Array(length)
  const colours = new Uint32Array(length)
  const from = new Uint32Array(grey + 2)
  for (let i = 0; i < length; i++) {
    let at = grey
    if (state[i] === 0) {
      const of = value[i]!
      at = 0
      while (at < marks.length && of >= marks[at]!) at++
    }
    colours[i] = palette[at]!
    const place = at === grey ? 0 : worse === 'high' ? at + 1 : grey - at
    rank[i] = place
    from[place + 1]!++
  }
  for (let at = 1; at < from.length; at++) from[at]! += from[at - 1]!
  const order = new Uint32Array(length)
  for (let i = 0; i < length; i++) order[from[rank[i]!]!++] = i
  return { colours: new Uint8Array(colours.buffer), order }
}

/** The sensor nearest to a point of the map, if one lies within a number of pixels. */
export function nearestSensor(sensors: Sensors, map: MapType, x: number, y: number, within: number): number | null {
  const here = map.unproject([x, y])
  const edge = map.unproject([x + within, y])
  const squeeze = Math.cos((here.lat * Math.PI) / 180)
  let best = ((edge.lng - here.lng) * squeeze) ** 2
  let found: number | null = null
  for (let i = 0; i < sensors.length; i++) {
    const away = ((sensors.at[2 * i]! - here.lng) * squeeze) ** 2 + (sensors.at[2 * i + 1]! - here.lat) ** 2
    if (away <= best) { best = away; found = i }
  }
  return found
}
