// What differs between two instants of the scene: areas that a forecast reaches, people counted, vehicles, orders of a rehearsal.
import type { RehearsalOrder, SceneMoment } from '../lib/city'
import { distance, type Point } from '../map/measure'
import type { Spoken } from './moment'

/** One state of the scene, as it is drawn. */
export interface State { at: number; spoken: readonly Spoken[]; moment: SceneMoment | null; orders: readonly RehearsalOrder[] }
export interface Side { value: number | null; low?: boolean; place?: Point; held?: boolean; planned?: boolean }
/** A thing that is not the same in both; null where it is in one of them alone. `value` null: fewer than k. */
export interface Difference { id: string; kind: string; name: string; unit: string; first: Side | null; second: Side | null }

const STEP_M = 1 // a vehicle that moved less stands still

interface Thing extends Side { kind: string; name: string; unit: string }

function things({ spoken, moment, orders }: State): Map<string, Thing> {
  const found = new Map<string, Thing>()
  for (const one of spoken) for (const area of one.reached) found.set(`${one.line.hazard} ${area.area}`, { kind: one.line.hazard, name: area.name, unit: one.map.unit, value: area.median, low: area.level === 0 })
  for (const one of moment?.crowd ?? []) found.set(`crowd ${one.place}`, { kind: 'crowd', name: named(one.place), unit: '', value: one.persons })
  for (const one of moment?.vehicles ?? []) found.set(`vehicles ${one.vehicle}`, { kind: 'vehicles', name: named(one.vehicle), unit: '', value: null, place: [one.lon, one.lat], held: one.held, planned: one.planned })
  orders.forEach((one, n) => found.set(`orders ${n}`, { kind: 'orders', name: one.title, unit: '', value: null }))
  return found
}
const named = (id: string): string => id.split(':').slice(1).join(':')

const same = (a: Thing, b: Thing): boolean => (a.place && b.place ? distance(a.place, b.place) < STEP_M : a.value === b.value || (a.value !== null && b.value !== null && Number(a.value.toPrecision(2)) === Number(b.value.toPrecision(2))))

/** What is in one of two states alone, or is another in each; equal to two figures is the same. */
export function differences(first: State, second: State): Difference[] {
  const [one, two] = [things(first), things(second)]
  const found: Difference[] = []
  for (const id of new Set([...one.keys(), ...two.keys()])) {
    const [a, b] = [one.get(id), two.get(id)]
    const either = (b ?? a)!
    if (a && b && same(a, b)) continue
    found.push({ id, kind: either.kind, name: either.name, unit: either.unit, first: a ?? null, second: b ?? null })
  }
  return found.sort((x, y) => x.kind.localeCompare(y.kind) || (y.second?.value ?? 0) - (x.second?.value ?? 0) || x.id.localeCompare(y.id))
}
