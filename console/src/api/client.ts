// Asks the API: typed by the generated schema, one form for errors, the token of this tab where one is needed.
import { words } from '../lib/words.svelte'
import type { Control, Gates, KeptCities, MovementOverview, Situation, Transferred } from '../lib/surveillance'
import type { StatusView } from '../lib/statuses'
import type { CarrierRow, ClaimRow, IntakeAnswer, ParcelCode, ParcelRow } from '../lib/desks'
import type { Coverage, DefectRow, ModuleDoc, ModuleLine } from '../lib/supervision'
import type { components } from './schema'

type Schemas = components['schemas']
export type Screen = Schemas['Dashboard']
export type Room = Omit<Schemas['IncidentView'], 'tasks'> & { tasks: TaskRow[] }
export type TaskRow = Schemas['TaskRow'] & { assignee: string; case: string | null }
export type IncidentRow = Schemas['IncidentRow']
export type AreaRow = Schemas['AreaRow']
export type AreaName = Schemas['AreaName']
export type DayRow = Schemas['DayRow']
export type Me = Schemas['Me']
export type MyTasks = Omit<Schemas['MyTasks'], 'items'> & { items: TaskRow[] }
export type Trust = Schemas['Trust']
export type AuditState = Schemas['AuditState']
export type PublicPage = Schemas['PublicPage']
export type BaseMap = Schemas['BaseMap']
export type PlaceColumns = Schemas['PlaceColumns']
export type Twig = Schemas['CauseNode']
export type HandOvers = Page<HandOverRow>
export type HandOverRow = Schemas['HandOverRow']
export type ObjectionView = Schemas['ObjectionView']
export type Objections = { items: ObjectionView[]; total: number; overdue: number; next: string | null }
export type IncidentChain = Schemas['IncidentChain']
export type PersonFile = Schemas['PersonFile']
export type StockRow = Schemas['StockRow']
export type HazardForecastLine = Schemas['ForecastLine']
export type HazardAnswer = Schemas['HazardAnswer']
export type HazardMap = Schemas['HazardMap']
export type ChainLink = Schemas['ChainAnswer']['links'][number]
export type WarningRow = Schemas['WarningView']
export type RequestRow = Schemas['RequestRow']
export type DemandReport = Schemas['DemandReport']
export type TransferRow = Schemas['TransferRow']
export type CompareJob = Schemas['CompareJob']
export type CompareSheet = Schemas['Comparison']
export type PlanShare = Schemas['CriterionShare']
export type Adoption = Schemas['Adoption']
export type Block = Schemas['Block']
export type Analysis = Schemas['Analysis']
export type Diagnosis = Schemas['Diagnosis']
export type Prediction = Schemas['Prediction']
export type Guidance = Schemas['Guidance']
export type GuidedAction = Schemas['RecommendedAction']
/** A change of somebody's life, or a plan, that two persons decide; the API gives it as it is kept. */
export type Change = Schemas['ChangeShown']
export type CaseRow = Schemas['OpenedCase']
export type Case = Schemas['Case']
/** A page of a list of persons: `next` is the cursor of the page after it, null on the last. */
export interface Page<T> { items: T[]; next: string | null; total: number; activation: string }
export type Contact = Schemas['Contact']
export type Account = Schemas['BatchAccount']
export type LogLine = Schemas['LogLine']
export type LogPage = { items: LogLine[]; next: string | null }
export type ShiftRow = Schemas['ShiftRow']
export type Alert = Schemas['Alert']
export type TaskComment = Schemas['TaskComment']
export type Session = Schemas['Session']
export type AccountRow = Schemas['Account']
export type AccountChange = Schemas['AccountChange']
export type AccountOutcome = Schemas['AccountOutcome']
export type ActivationLine = Schemas['ActivationLine']
export type Plan = Schemas['Plan']
export type Command =
  | Schemas['ConfirmOrder'] | Schemas['AcknowledgeTask'] | Schemas['CompleteTask'] | Schemas['CommentTask'] | Schemas['AdoptPlan']
  | Schemas['HandOverCase'] | Schemas['AcceptHandOver'] | Schemas['ReturnHandOver'] | Schemas['RefuseHandOver']
  | Schemas['RequestSupply'] | Schemas['CommitSupply'] | Schemas['DeclineSupply'] | Schemas['SendSupply'] | Schemas['ReceiveSupply']

const TOKEN = 'twinward.token'
const REFRESH = 'twinward.refresh'

/** What went wrong, as the server says it; `status` 0 means that it did not answer. */
export class ApiError extends Error {
  constructor(readonly status: number, readonly code: string, message: string, readonly advice = '') {
    super(message)
  }
}

interface Tokens { access: string; refresh: string }

/** Log in; the session is kept in this tab and ends with it. */
export async function login(name: string, password: string, code: string): Promise<void> {
  keep(await post<Tokens>('/v1/sessions', { name, password, ...(code ? { code } : {}), device: 'console' }))
}

function keep(tokens: Tokens): void {
  sessionStorage.setItem(TOKEN, tokens.access)
  sessionStorage.setItem(REFRESH, tokens.refresh)
}

let renewing: Promise<boolean> | null = null

/** New tokens for the refresh token, which can be spent once: whoever asks meanwhile waits for the same answer. */
function renew(): Promise<boolean> {
  const refresh = sessionStorage.getItem(REFRESH)
  if (!refresh) return Promise.resolve(false)
  renewing ??= post<Tokens>('/v1/sessions/refresh', { refresh })
    .then((tokens) => { keep(tokens); return true })
    .catch(() => { sessionStorage.removeItem(REFRESH); return false })
    .finally(() => { renewing = null })
  return renewing
}

async function post<T>(path: string, body: unknown): Promise<T> {
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  return (await ask(path, init)).json() as Promise<T>
}

function headers(path = ''): Record<string, string> {
  const token = fence.on && fence.token && !path.startsWith('/v1/sessions') ? fence.token : sessionStorage.getItem(TOKEN)
  // whoever asks while something is drawn asks again when the language changes: it is read here
  return { 'accept-language': words.language, ...(token ? { authorization: `Bearer ${token}` } : {}) }
}

let tellDrill: (drill: string) => void = () => undefined
/** Who wants to know that a server's workspace is a drill's: every answer says it, also one that asks for a login. */
export const onDrill = (tell: (drill: string) => void): void => { tellDrill = tell }

const INSIDE = ['/v1/scene/rehearsals', '/v1/sessions', '/v1/map/within'] // what a rehearsal itself writes, and what changes nothing
/** While a rehearsal is played nothing that it orders may leave it: every other write is refused here, before it is sent; and with its token by the server. */
export const fence = { on: false, says: '', token: '' }

/** Ask; ApiError when the answer is not a good one. A session whose token has run out is renewed on the way. */
export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  if (fence.on && init.method && init.method !== 'GET' && !INSIDE.some((one) => path.startsWith(one))) throw new ApiError(409, 'rehearsal', fence.says)
  let response: Response
  try {
    response = await fetch(path, { ...init, headers: { ...headers(path), ...(init.headers as Record<string, string>) } })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiError(0, 'offline', 'the server does not answer')
  }
  const drill = response.headers.get('x-twinward-drill')
  if (drill) tellDrill(drill)
  if (response.ok) return response
  if (response.status === 401 && !fence.on && !path.startsWith('/v1/sessions') && (await renew())) return ask(path, init)
  const body = await response.json().catch(() => ({}))
  throw new ApiError(response.status, body.code ?? 'error', spoken(body.message ?? response.statusText), spoken(body.advice ?? ''))
}

// what only whoever sits at the server can do; an officer is told the fact, not the command line
const COMMAND_LINE = /`twinward |`--|(^|\s)--[a-z]/

/** A text of the server without the parts that name a command line. */
export const spoken = (text: string): string => text.split(/(?<=[.;])\s+/).filter((part) => !COMMAND_LINE.test(part)).join(' ')

function query(values: Record<string, string | null | undefined>): string {
  const given = Object.entries(values).filter((pair): pair is [string, string] => Boolean(pair[1]))
  return given.length ? `?${new URLSearchParams(given)}` : ''
}

const get = async <T>(path: string, signal?: AbortSignal): Promise<T> => (await ask(path, { signal })).json() as Promise<T>

export const getScreen = (at: string | null, signal?: AbortSignal) => get<Screen>(`/v1/screen${query({ at })}`, signal)
export const getRoom = (id: string, at: string | null) => get<Room>(`/v1/incidents/${encodeURIComponent(id)}/room${query({ at })}`)
const fn = (id: string, name: string, at: string | null): string => `/v1/incidents/${encodeURIComponent(id)}/${name}${query({ at })}`
export const getAnalysis = (id: string, at: string | null) => get<Analysis>(fn(id, 'analyse', at))
export const getDiagnosis = (id: string, at: string | null) => get<Diagnosis>(fn(id, 'diagnose', at))
export const getPrediction = (id: string, at: string | null) => get<Prediction>(fn(id, 'predict', at))
export const getGuidance = (id: string, at: string | null) => get<Guidance>(fn(id, 'guide', at))
export const getShapes = () => get<GeoJSON.FeatureCollection>('/v1/map/areas')
const BASE_MS = 60_000 // pages that are opened together ask once
let based: { at: number; told: Promise<BaseMap> } | null = null
export function getBaseMap(): Promise<BaseMap> {
  if (!based || Date.now() - based.at > BASE_MS) based = { at: Date.now(), told: get<BaseMap>('/v1/map/base').catch((problem: unknown) => { based = null; throw problem }) }
  return based.told
}
/** What the map's own requests carry: they are made by its workers and not by `ask`. */
export const mapHeaders = (): Record<string, string> => headers()
export const getPlaces = () => get<PlaceColumns>('/v1/map/places')
export const getMovement = async (): Promise<ArrayBuffer> => (await ask('/v1/map/movement')).arrayBuffer()
export const getMe = () => get<Me>('/v1/me')
export const getTrust = () => get<Trust>('/v1/trust')
export const getAudit = () => get<AuditState>('/v1/audit')
export const getPublic = (at: string | null) => get<PublicPage>(`/v1/public${query({ at })}`)
export const getAreas = async (under: string | null) => (await get<{ items: AreaName[] }>(`/v1/areas${query({ under })}`)).items
export interface ContactWish { incident?: string; case?: string; step?: string; area?: string; search?: string; order?: string }
export const getContacts = (wish: ContactWish, cursor: string | null = null, limit = 200) => get<Page<Contact>>(`/v1/contacts${query({ ...wish, cursor, limit: String(limit) })}`)
export type SignalRow = Schemas['SignalView']
export type HitRate = Schemas['HitRate']
export interface SignalPage { items: SignalRow[]; next: string | null; hit_rate: HitRate }
export const getSituation = (area: string | null, at: string | null) => get<Situation>(`/v1/surveillance/situation${query({ area, at })}`)
export const getCities = () => get<KeptCities>('/v1/surveillance/cities')
export const getMovementOverview = (at: string | null) => get<MovementOverview>(`/v1/movement/overview${query({ at })}`)
export const getGates = (screen: 'hubs' | 'roads', at: string | null) => get<Gates>(`/v1/movement/${screen}${query({ at })}`)
export const getControl = (at: string | null) => get<Control>(`/v1/movement/control${query({ at })}`)
export const getTransferred = (at: string | null) => get<Transferred>(`/v1/movement/transferred${query({ at })}`)
export const getModules = async (): Promise<ModuleLine[]> => (await get<{ items: ModuleLine[] }>('/v1/modules')).items
export const getModule = (id: string) => get<ModuleDoc>(`/v1/modules/${encodeURIComponent(id)}`)
/** `file`: it is kept as a file, which the server puts on record where persons are, or refuses. */
export const getCoverage = (id: string, file = false) => get<Coverage>(`/v1/modules/${encodeURIComponent(id)}/coverage${query({ file: file ? 'true' : null })}`)
export const getDefects = async (module: string): Promise<DefectRow[]> => (await get<{ items: DefectRow[] }>(`/v1/defects${query({ module })}`)).items
export const getClaims = async (): Promise<ClaimRow[]> => (await get<{ items: ClaimRow[] }>('/v1/claims')).items
export const readDocument = async (file: File): Promise<IntakeAnswer> => (await ask('/v1/intake', { method: 'POST', body: file, headers: { 'content-type': 'application/octet-stream' } })).json() as Promise<IntakeAnswer>
export const getParcels = async (): Promise<ParcelRow[]> => (await get<{ items: ParcelRow[] }>('/v1/deliveries')).items
/** Why one item of a batch was refused, and what to do. */
export const whyNot = (one: { message: string; advice?: string } | undefined): string => (one ? [one.message, one.advice].filter(Boolean).join(/\p{Script=Han}/u.test(one.message) ? '。' : '. ') : '')
export const getCarriers = async (): Promise<CarrierRow[]> => (await get<{ items: CarrierRow[] }>('/v1/parcel-holders')).items
export const takeLedgerBack = (holder: string, because: string) => post<CarrierRow>(`/v1/parcel-holders/${encodeURIComponent(holder)}/take-back`, { because })
export const tellCode = (parcel: string, how: 'paper' | 'voice') => post<ParcelCode>(`/v1/deliveries/${encodeURIComponent(parcel)}/code`, { how })
export const actOnParcel = (parcel: string, act: 'renew' | 'cancel', because: string) => post<ParcelRow>(`/v1/deliveries/${encodeURIComponent(parcel)}/answer`, { act, because })
/** Slips on paper as a PDF, with the address of the receiver's own page as a square code. */
export const printSlips = async (parcels: string[], site: string): Promise<Blob> => (await ask('/v1/parcel-slips', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ parcels, site }) })).blob()
export const getSignals = () => get<SignalPage>('/v1/surveillance/signals/raised?limit=500')
export interface CaseWish { status?: string; hazard?: string; area?: string; search?: string; order?: string; since?: string }
export const getCases = (wish: CaseWish, cursor: string | null, limit: number) => get<Page<Case>>(`/v1/cases${query({ ...wish, cursor, limit: String(limit) })}`)
export const getAlerts = async (): Promise<Alert[]> => (await get<{ items: Alert[] }>('/v1/alerts')).items
/** When levels were set and plans began and ended, as the log says it. */
export const getTurns = async (): Promise<LogLine[]> => (await get<LogPage>(`/v1/journal?limit=500&${['ResponseLevelSet', 'PlanAdopted', 'PlanEnded'].map((one) => `types=${one}`).join('&')}`)).items
export const getJournal = (cursor: string | null, incident: string | null, at: string | null, limit = 100) => get<LogPage>(`/v1/journal${query({ cursor, incident, at, limit: String(limit) })}`)
export const getShifts = async (): Promise<ShiftRow[]> => (await get<{ items: ShiftRow[] }>('/v1/shifts')).items
export const getComments = async (task: string): Promise<TaskComment[]> => (await get<{ items: TaskComment[] }>(`/v1/tasks/${encodeURIComponent(task)}/comments`)).items
export type AttachmentRow = Schemas['AttachmentRow']
const filesOf = (task: string): string => `/v1/tasks/${encodeURIComponent(task)}/files`
export const getFiles = async (task: string): Promise<AttachmentRow[]> => (await get<{ items: AttachmentRow[] }>(filesOf(task))).items
export const attachFile = async (task: string, file: File): Promise<AttachmentRow> => (await ask(`${filesOf(task)}${query({ name: file.name.slice(0, 120) || 'file' })}`, { method: 'POST', body: file, headers: { 'content-type': file.type || 'application/octet-stream' } })).json() as Promise<AttachmentRow>
export const openFile = async (id: string): Promise<Blob> => (await ask(`/v1/files/${encodeURIComponent(id)}`)).blob()
export const getPlan = (id: string) => get<Plan>(`/v1/plans/${encodeURIComponent(id)}`)
export const getActivations = async (): Promise<ActivationLine[]> => (await get<{ items: ActivationLine[] }>('/v1/activations')).items
export const openActivation = (asked: { hazard: string; areas: string[]; purposes: string[]; days: number; basis: string }) => post<ActivationLine>('/v1/activations', asked)
export const renewActivation = (id: string, asked: { days: number; basis: string }) => post<ActivationLine>(`/v1/activations/${encodeURIComponent(id)}/renew`, asked)
export const closeActivation = (id: string, because: string) => post<ActivationLine>(`/v1/activations/${encodeURIComponent(id)}/close`, { because })
export const breakGlass = (asked: { areas: string[]; hours: number; reason: string }) => post<Schemas['EmergencyAccess']>('/v1/break-glass', asked)
export const getAccounts = async (): Promise<AccountRow[]> => (await get<{ items: AccountRow[] }>('/v1/accounts')).items
export const getAccountChanges = async (): Promise<AccountChange[]> => (await get<{ items: AccountChange[] }>('/v1/account-changes')).items
export const keepAccount = (asked: Record<string, unknown>) => post<AccountOutcome>('/v1/accounts', asked)
export const answerAccount = (change: string, act: 'confirm' | 'refuse', because: string) => post<AccountOutcome>(`/v1/account-changes/${encodeURIComponent(change)}/answer`, { act, because })
export const getSessions = async (): Promise<Session[]> => (await get<{ items: Session[] }>('/v1/sessions')).items
export const closeSession = async (id: string): Promise<void> => { await ask(`/v1/sessions/${encodeURIComponent(id)}`, { method: 'DELETE' }) }
export const changePassword = (password: string, other: string) => post<{ name: string }>('/v1/sessions/password', { password, new: other })
export const setFirstPassword = (name: string, secret: string, password: string) => post<{ authenticator: string | null }>('/v1/sessions/first', { name, secret, password })
/** The session that this tab's token belongs to, or none. */
export function sessionId(): string {
  const body = sessionStorage.getItem(TOKEN)?.split('.')[1] ?? ''
  try {
    return String((JSON.parse(atob(body.replaceAll('-', '+').replaceAll('_', '/'))) as { sid?: string }).sid ?? '')
  } catch {
    return ''
  }
}
/** Forget the session of this tab. */
export function leave(): void {
  sessionStorage.removeItem(TOKEN)
  sessionStorage.removeItem(REFRESH)
}
/** Who is behind a pseudonym; the look is on record before the answer is given. */
export const openName = (subject: string, reason: string) => post<Record<string, unknown>>('/v1/identities', { subject, reason })
export const getCase = (id: string) => get<CaseRow>(`/v1/cases/${encodeURIComponent(id)}`)
export const getHandOvers = (of?: string) => get<HandOvers>(`/v1/handovers${query({ case: of })}`)
export const askChain = (incident: string) => post<IncidentChain>('/v1/trace/chain', { incident })
export const askFile = (subject: string) => post<PersonFile>('/v1/trace/file', { subject })
export const getStocks = async (at: string | null) => (await get<{ items: StockRow[] }>(`/v1/supplies/stocks${query({ at })}`)).items
export const getRequests = async (at: string | null) => (await get<{ items: RequestRow[] }>(`/v1/supplies/requests${query({ at, status: 'all' })}`)).items
export const getHazardForecasts = async () => (await get<{ items: HazardForecastLine[] }>('/v1/hazard-forecasts')).items
export const getHazardForecast = (id: string) => get<HazardAnswer>(`/v1/hazard-forecasts/${encodeURIComponent(id)}`)
export const makeHazardForecast = (asked: { hazard: string; forcing: Record<string, number>; words: Record<string, string>; hours: number; members: number }) => post<HazardForecastLine>('/v1/hazard-forecasts', asked)
export const getHazardMap = (id: string) => get<HazardMap>(`/v1/hazard-forecasts/${encodeURIComponent(id)}/map`)
export const getWarnings = async () => (await get<{ items: WarningRow[] }>('/v1/warnings')).items
export const answerWarning = (id: string, act: 'confirm' | 'acknowledge' | 'cancel', because: string) => post<WarningRow>(`/v1/warnings/${encodeURIComponent(id)}/answer`, { act, because })
export const simulateChain = async (first: string, figures: Record<string, number>) => (await post<{ links: ChainLink[] }>('/v1/risks/simulate', { first, figures })).links
export const getDemand = (at: string | null) => get<DemandReport>(`/v1/supplies/demand${query({ at })}`)
export const startComparison = (asked: { plans: string[]; generate: number; days: number; replicates: number; disease: string; ranked_by: string; incident?: string; at?: string }) => post<CompareJob>('/v1/plans/compare', asked)
export const getComparison = (id: string) => get<CompareJob>(`/v1/plans/compare/${encodeURIComponent(id)}`)
export type ComparisonLine = Schemas['ComparisonLine']
export const getComparisons = async (): Promise<ComparisonLine[]> => (await get<{ items: ComparisonLine[] }>('/v1/plans/compare')).items
export const cancelComparison = (id: string) => post<CompareJob>(`/v1/plans/compare/${encodeURIComponent(id)}/cancel`, {})
export const getBlocks = async (): Promise<Block[]> => (await get<{ items: Block[] }>('/v1/plan-blocks')).items
export const getChanges = async (): Promise<Change[]> => (await get<{ items: Change[] }>('/v1/changes')).items
export const getObjections = () => get<Objections>('/v1/objections')
export const lodgeObjection = (asked: { status: string; channel: string; proxy: string; reason: string }) => post<ObjectionView>('/v1/objections', asked)
export const getStatuses = (subject: string) => get<{ items: StatusView[]; total: number }>(`/v1/statuses?limit=200${subject ? `&subject=${encodeURIComponent(subject)}` : ''}`)
export const setStatus = (asked: Record<string, unknown>) => post<StatusView>('/v1/statuses', asked)
export const answerStatus = (status: string, act: 'confirm' | 'refuse' | 'lift', because: string) => post<StatusView>(`/v1/statuses/${encodeURIComponent(status)}/answer`, { act, because })
export const answerObjection = (receipt: string, upheld: boolean, because: string) => post<ObjectionView>(`/v1/objections/${encodeURIComponent(receipt)}/answer`, { upheld, because })
export const proposeChange = (asked: { kind: 'quarantine_order'; area: string; subject: string; thing: string; reason: string; basis: string; until: string }) => post<Change>('/v1/changes', asked)
export const answerChange = (id: string, act: 'confirm' | 'refuse', because: string) => post<unknown>(`/v1/changes/${encodeURIComponent(id)}/answer`, { act, because })
export const adoptPlan = (asked: { plan: string; incident: string; by: string; reason: string; sheet: string; replace?: string; now?: boolean }) => post<Adoption>('/v1/plans/adopt', asked)
/** The situation report as a page of its own; fetched, so that the session goes along. */
export const getReport = async (id: string, form: 'html' | 'pdf', at: string | null): Promise<Blob> => (await ask(`/v1/incidents/${encodeURIComponent(id)}/report.${form}${query({ at })}`)).blob()
export const getTransfers = async (at: string | null) => (await get<{ items: TransferRow[] }>(`/v1/transfers${query({ at, status: 'all' })}`)).items
export const getMyTasks = (department: string, area: string) => get<MyTasks>(`/v1/my-tasks${query({ department, area })}`)

export async function sendCommands(items: Command[]): Promise<Account> {
  return post<Account>('/v1/commands', { items, source: 'console' })
}
