// The map's work as the API writes it: layers, their sensors, what readings concern, places by name, drawn areas, the scene.
import { ask } from '../api/client'

export type Status = 'current' | 'stale' | 'silent' | 'not_recorded'
export interface LayerView {
  id: string; group: string; title: string; title_zh: string; unit: string; unit_zh: string; source: string; source_zh: string; cadence_s: number; breaks: number[]; worse: 'high' | 'low'; moves: boolean; follows: boolean; status: Status
  sensors: number; current: number; stale: number; doubtful: number; apart: number; unplaced: number; hidden: number; newest_at: string | null; oldest_at: string | null; age_s: number | null
  median: number | null; least: number | null; greatest: number | null; covered: number; areas: number
}
export interface LayerSensor { sensor: string; value: number | null; occurred_at: string; age_s: number; state: 'current' | 'stale' | 'doubtful'; area: string | null; lon: number | null; lat: number | null; by_area: boolean; apart: boolean }
export interface LayerHour { hour: string; mean: number; least: number; greatest: number; count: number }
export interface Ahead { middle: number[]; low: number[]; high: number[]; error: number; error_of_last: number; better: number; model: 'day' | 'week' }
export interface LayerHistory { sensor: string; unit: string; hours: LayerHour[]; ahead: Ahead | null; ahead_from: string | null; why_not: 'too_short' | 'silent' | 'not_better' | 'not_hourly' | '' }
export interface LayerFaults { layer: string; sensors: number; checked: number; faults: { sensor: string; kind: string; since: string | null; amount: number | null; other: string | null; area: string | null }[] }
export interface Concerned { kind: string; name: string; lon: number; lat: number; distance_m: number; value: number | null }
export interface Fired { sensor: string; value: number; occurred_at: string; stale: boolean; area: string | null; lon: number | null; lat: number | null; concerned: Concerned[]; left_out: number; roads_closed: number; road_m: number; incident: string | null }
export interface Coupling { id: string; layer: string; mark: number; unit: string; within_m: number; title: string; title_zh: string; hazard: string; figure: string; source: string; fired: Fired[] }
export interface VehicleTrack { sensor: string; layer: string; unit: string; cadence_s: number; status: 'current' | 'stale' | 'silent'; age_s: number; points: { at: string; lon: number; lat: number; value: number }[]; left_out: number; run: { route: string | null; trip: string | null; stop: string | null; delay_s: number | null } }
export interface TransitAlert { id: string; effect: string; texts: Record<string, string>; holds: boolean; told_at: string; until: string | null; stops: string[]; routes: string[] }
export interface TransitView { source: string; at: string | null; age_s: number | null; status: 'current' | 'stale' | 'silent'; vehicles: number; delayed: number; cancelled: number; alerts: TransitAlert[]; timetable_stops: number; notes: Record<string, number>; refused: { entity: string; code: string; message: string }[] }
export interface Reach { why: string; minutes: number; groups: string[]; unknown: string[]; closed_by: string[]; streets_closed: number; street_m: number; before: number | null; now: number | null; residents_less: number | null; areas: { area: string; name: string; before: number; now: number; lost: string[]; residents: number | null }[]; left_out: number }
export interface FoundPlace { kind: string; name: string; name_en: string; within: string; lon: number; lat: number; area: string | null; approximate: boolean }
export interface DrawnArea { areas: string[]; names: string[]; leaves: number; residents: number | null; places: Record<string, number>; m2: number; mended: boolean; outside_yours: number }
export interface SceneView { available: boolean; version: string; objects: number; without_geometry: number; tiles: number; bytes: number; heights: Record<string, number> }
/** People counted at a place (null: fewer than k) and vehicles at an instant of the scene. */
export interface MomentCount { place: string; lon: number; lat: number; persons: number | null; told_at: string; ahead: boolean; low: number | null; high: number | null }
export interface MomentVehicle { vehicle: string; lon: number; lat: number; speed: number | null; told_at: string; held: boolean; planned: boolean; then?: [number, number, number][] }
export interface SceneMoment { at: string; now: string; when: 'past' | 'now' | 'forecast'; as_of: string; k: number; crowd: MomentCount[]; vehicles: MomentVehicle[]; left_out: number }
export interface RehearsalOrder { offset_s: number; title: string; department: string; area: string; deadline_h: number; by: string; given_at: string; lon: number | null; lat: number | null; fenced: boolean }
export interface Rehearsal { id: string; by: string; begun_at: string; hours: number; speed: number; seq: number; incidents: number; forecasts: string[]; orders: RehearsalOrder[]; ended_at: string | null }

const get = async <T>(path: string): Promise<T> => (await ask(path)).json() as Promise<T>
const post = async <T>(path: string, body: unknown): Promise<T> => (await ask(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })).json() as Promise<T>
const of = (layer: string): string => `/v1/layers/${encodeURIComponent(layer)}`

const then = (at: string, sign: '?' | '&'): string => (at ? `${sign}at=${encodeURIComponent(at)}` : '')

export const getLayers = async (at = ''): Promise<LayerView[]> => (await get<{ items: LayerView[] }>(`/v1/layers${then(at, '?')}`)).items
export const getLayerMap = async (layer: string, at = ''): Promise<ArrayBuffer> => (await ask(`${of(layer)}/map${then(at, '?')}`)).arrayBuffer()
export const getLayerSensors = (layer: string, offset: number, limit: number, at = '') => get<{ items: LayerSensor[]; total: number }>(`${of(layer)}/sensors?limit=${limit}&offset=${offset}${then(at, '&')}`)
export const getTrack = (layer: string, sensor: string, minutes: number) => get<VehicleTrack>(`${of(layer)}/track?sensor=${encodeURIComponent(sensor)}&minutes=${minutes}`)
export const getTransit = async (): Promise<TransitView[]> => (await get<{ items: TransitView[] }>('/v1/transit')).items
export const getLayerHistory = (layer: string, sensor: string) => get<LayerHistory>(`${of(layer)}/history?sensor=${encodeURIComponent(sensor)}`)
export const getLayerFaults = (layer: string) => get<LayerFaults>(`${of(layer)}/faults`)
export const getCouplings = async (): Promise<Coupling[]> => (await get<{ items: Coupling[] }>('/v1/couplings')).items
export const getReach = () => get<Reach>('/v1/couplings/reach')
export const findPlaces = async (text: string): Promise<FoundPlace[]> => (await get<{ items: FoundPlace[] }>(`/v1/map/search?q=${encodeURIComponent(text)}&limit=12`)).items
export const askWithin = (ring: [number, number][]) => post<DrawnArea>('/v1/map/within', { ring })
export const issueWarning = (asked: Record<string, unknown>) => post<unknown>('/v1/warnings', asked)
export const getScene = () => get<SceneView>('/v1/scene')
export const getTileset = (version: string) => get<unknown>(`/v1/scene/tileset?v=${version}`)
export const getTile = async (name: string, version: string): Promise<ArrayBuffer> => (await ask(`/v1/scene/tiles/${encodeURIComponent(name)}?v=${version}`)).arrayBuffer()
export const getMoment = (at: string | null, aheadS = 0) => get<SceneMoment>(`/v1/scene/moment?ahead_s=${aheadS}${then(at ?? '', '&')}`)
export const beginRehearsal = (asked: { hours: number; speed: number }) => post<Rehearsal & { token: string }>('/v1/scene/rehearsals', asked)
export const orderInRehearsal = (id: string, asked: { offset_s: number; title: string; department: string; area: string; deadline_h: number; lon?: number; lat?: number }) => post<Rehearsal>(`/v1/scene/rehearsals/${encodeURIComponent(id)}/orders`, asked)
export const endRehearsal = (id: string) => post<Rehearsal>(`/v1/scene/rehearsals/${encodeURIComponent(id)}/end`, {})
