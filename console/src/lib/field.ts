// Alerts for the public, edges and their devices: what the API gives and takes of them.
import { ask } from '../api/client'

export type AlertStep = 'alert' | 'update' | 'cancel' | 'all_clear'
export interface AlertText { language: string; headline: string; description: string; instruction: string }
export interface PublicAlert {
  id: string; chain: string; step: AlertStep; references: string[]; status: 'actual' | 'exercise' | 'test'; state: string
  hazard: string; severity: string; areas: string[]; area_names: string[]; texts: AlertText[]; because: string
  drafted_by: string; approved_by: string[]; may_approve: boolean; sent_at: string | null; ended_at: string | null; expires_at: string
}
export interface AlertDraft {
  hazard: string; areas: string[]; texts: AlertText[]; until: string; because: string; step: AlertStep; references: string[]; status: string; severity: string
}
export interface HeldDevice { device: string; count: number; first_at: string; last_at: string }
export interface Edge {
  id: string; state: 'good' | 'late' | 'unknown'; late: string[]; heard_at: string; backlog: number; oldest_s: number; disk_bytes: number; disk_bound: number
  lost: number; alarms_open: number; clock_skew_s: number | null; config_version: string; rules_version: string; rules_wanted: string; rules_refused: string; devices: number; devices_by_heard: Record<string, number>; held: HeldDevice[]; claims_refused: { device: string; at: string; refused: string }[]; orders_open: number
}
export interface Device {
  id: string; edge: string; profile: string; area: string; area_name: string; place: string; state: string; heard: string; heard_at: string | null; fault: string; pending: Record<string, string>
}
export interface DeviceAlarm {
  id: string; rule: string; device: string; edge: string; area: string; area_name: string; severity: 'advice' | 'warning' | 'alarm'; found: 'edge' | 'centre'; began_at: string; ended_at: string | null; stands: boolean; value: number | null
}
interface Page<T> { items: T[]; next: string | null }

/** Profiles that the package carries. */
export const PROFILES = ['camera-events', 'cold-chain-logger', 'community-gate', 'door-sensor', 'fire-panel', 'hotel-room', 'lift', 'thermometer', 'water-level', 'wearable'] as const
export const SEVERITIES = ['Extreme', 'Severe', 'Moderate', 'Minor'] as const

const list = async <T>(path: string): Promise<T[]> => ((await (await ask(path)).json()) as Page<T>).items
async function post(path: string, body: unknown): Promise<void> {
  await ask(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
}
export const getPublicAlerts = () => list<PublicAlert>('/v1/public-alerts?limit=200')
export const draftAlert = (draft: AlertDraft) => post('/v1/public-alerts', draft)
export const answerAlert = (id: string, act: 'approve' | 'discard', because = '') => post(`/v1/public-alerts/${encodeURIComponent(id)}/answer`, { act, because })
export const getDeviceAlarms = () => list<DeviceAlarm>('/v1/device-alarms?limit=500')
export const getEdges = () => list<Edge>('/v1/edges?limit=500')
export const getDevices = () => list<Device>('/v1/devices?limit=1000')
export const addDevice = (device: { device: string; edge: string; profile: string; area: string; place: string }) => post('/v1/devices', device)
/** So many hours from now, by the server's clock where it is known: that of a telephone may be wrong. */
export const hoursFrom = (now: string | undefined, hours: number): string => new Date((now ? Date.parse(now) : Date.now()) + hours * 3_600_000).toISOString()
export interface FieldAlarm {
  id: string; area: string; area_name: string; responder: string; cause: string; status: 'open' | 'ended'; at: string; lon: number | null; lat: number | null; recorded_at: string; ended_at: string | null; because: string
  task: string; task_status: string; department: string; due_at: string | null
}
export const getFieldAlarms = () => list<FieldAlarm>('/v1/field/alarms?status=all&limit=200')
export const endFieldAlarm = (id: string, because: string) => post(`/v1/field/alarms/${encodeURIComponent(id)}/end`, { because })
export const orderDevice = (device: string, action: string, until: string) => post('/v1/device-orders', { device, action, until })
/** One rule as the API writes it; what it leaves out is at its default. */
export interface DeviceRule {
  id: string; kind: 'threshold' | 'rate' | 'dead_man' | 'count' | 'both' | 'either'; type: string; above: number | null; below: number | null; clear: number | null
  hold_s: number; silence_s: number; count: number; window_s: number; of: string[]; severity: 'advice' | 'warning' | 'alarm'; escalate_after_s: number; escalate_to: 'advice' | 'warning' | 'alarm'; action: string
}
export interface RuleBundle {
  bundle: string; state: 'stable' | 'staged' | 'kept'; rules: DeviceRule[]; made_by: string; made_at: string; because: string; edges: string[]; share: number; wanted: string[]; running: string[]; refused: Record<string, string>; unheard: string[]
}
export const getBundles = () => list<RuleBundle>('/v1/rule-bundles?limit=200')
export const keepBundle = (bundle: string, modules: string[], because: string) => post('/v1/rule-bundles', { bundle, modules, because })
export const rollOut = (bundle: string, edges: string[], share: number, because: string) => post(`/v1/rule-bundles/${encodeURIComponent(bundle)}/answer`, { act: 'roll', edges, share, because })
export const rollBack = (bundle: string, because: string) => post(`/v1/rule-bundles/${encodeURIComponent(bundle)}/answer`, { act: 'back', because })
