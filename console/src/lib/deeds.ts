// What an officer can ask of the platform by a form: each deed is a command with its fields; one dialog draws them all.
import { makeId, queue } from './queue.svelte'
import { t } from './words.svelte'
import type { WordKey } from '../words/en'

export interface Field {
  name: string
  kind: 'area' | 'day' | 'number' | 'text' | 'secret' | 'reason' | 'choice' | 'incident' | 'department' | 'checks'
  word: WordKey
  choices?: readonly string[]
  said?: string // the kind of words that name the choices
  names?: Readonly<Record<string, string>> // or their names, where they are data
  optional?: boolean
  first?: string
}

export interface Deed {
  type: string
  word: WordKey
  right: string
  fields: readonly Field[]
  says?: WordKey // what follows from it
  make?: (values: Record<string, string>) => Record<string, unknown>
  run?: (values: Record<string, string>) => Promise<string | void> // asks a route of its own; a text is shown before the dialog closes
}

const HAZARD: Field = { name: 'hazard', kind: 'choice', word: 'do.hazard', choices: ['epidemic', 'flood'], said: 'hazard', first: 'epidemic' }
const AREA: Field = { name: 'area', kind: 'area', word: 'area.name' }
const DAY: Field = { name: 'day', kind: 'day', word: 'do.day' }
const REASON: Field = { name: 'reason', kind: 'reason', word: 'do.reason' }
const BECAUSE: Field = { ...REASON, name: 'because' }
const FOUND: Field = { name: 'found_in', kind: 'choice', word: 'case.found', choices: ['community', 'control', 'unknown'], said: 'found', first: 'community' }
const SOURCE = 'console'
/** What an officer can read off and report, with the hazard that it belongs to and its unit. */
const MEASURED: Record<string, { hazard: string; unit: string }> = {
  water_depth_m: { hazard: 'flood', unit: 'm' }, burned_area_m2: { hazard: 'fire', unit: 'm2' }, aegl_grade: { hazard: 'chemical', unit: 'grade' }, pga_g: { hazard: 'earthquake', unit: 'g' },
}

/** A pseudonym for somebody whom nobody has named yet; it says nothing about the person. */
const pseudonym = (): string => makeId().replace('console-', 'p-')

const PERSON = ['name', 'document', 'phone']
/** The person goes to the vault at the border; the message goes on with a pseudonym. */
function withPerson(values: Record<string, string>): Record<string, unknown> {
  const person = Object.fromEntries(PERSON.filter((one) => values[one]).map((one) => [one, values[one]]))
  const rest = Object.fromEntries(Object.entries(values).filter(([name, value]) => value && !PERSON.includes(name)))
  return Object.keys(person).length ? { ...rest, person } : { ...rest, subject: pseudonym() }
}

const WHO: readonly Field[] = [
  { name: 'name', kind: 'text', word: 'do.person.name', optional: true },
  { name: 'document', kind: 'text', word: 'do.person.document', optional: true },
  { name: 'phone', kind: 'text', word: 'do.person.phone', optional: true },
]

export const REPORTS: readonly Deed[] = [
  {
    type: 'ReportCase', word: 'do.ReportCase', right: 'report', says: 'do.ReportCase.says', make: (values) => ({ ...withPerson(values), source: SOURCE }),
    fields: [AREA, { name: 'status', kind: 'choice', word: 'case.status', choices: ['confirmed', 'asymptomatic', 'suspected'], said: 'case', first: 'confirmed' }, FOUND, HAZARD, { name: 'onset', kind: 'day', word: 'case.onset', optional: true }, ...WHO],
  },
  {
    type: 'ReportCount', word: 'do.ReportCount', right: 'report', make: (values) => ({ ...values, count: Number(values.count), source: SOURCE }),
    fields: [AREA, DAY, { name: 'count', kind: 'number', word: 'do.count' }, { name: 'status', kind: 'choice', word: 'case.status', choices: ['confirmed', 'asymptomatic', 'suspected', 'recovered', 'dead'], said: 'case', first: 'confirmed' }, FOUND, HAZARD],
  },
  {
    type: 'ReportAffectedPlace', word: 'do.ReportAffectedPlace', right: 'report', make: (values) => ({ ...values, place: makeId().replace('console-', 'place-'), source: SOURCE }),
    fields: [AREA, { name: 'name', kind: 'text', word: 'do.address' }, DAY, HAZARD],
  },
  {
    type: 'ReportHazard', word: 'do.ReportHazard', right: 'report', make: (values) => ({ ...values, ...MEASURED[values['figure'] ?? ''], value: Number(values['value']), source: SOURCE }),
    fields: [AREA, { name: 'figure', kind: 'choice', word: 'do.figure', choices: Object.keys(MEASURED), said: 'haz', first: 'water_depth_m' }, { name: 'value', kind: 'number', word: 'do.value' }],
  },
  {
    type: 'WithdrawCount', word: 'do.WithdrawCount', right: 'report', says: 'do.WithdrawCount.says', make: (values) => ({ ...values, source: SOURCE }),
    fields: [AREA, DAY, { name: 'status', kind: 'choice', word: 'case.status', choices: ['confirmed', 'asymptomatic', 'suspected', 'recovered', 'dead'], said: 'case', first: 'confirmed' }, FOUND, HAZARD, REASON],
  },
]

const LEVELS: Field = { name: 'level', kind: 'choice', word: 'area.level', choices: ['IV', 'III', 'II', 'I'], said: 'level' }

export const OPEN_DECISIONS: readonly Deed[] = [
  {
    type: 'OrderTask', word: 'do.OrderTask', right: 'command_incident', says: 'do.OrderTask.says', make: (values) => ({ ...values, deadline_h: Number(values.deadline_h) }),
    fields: [{ name: 'title', kind: 'text', word: 'do.what' }, { name: 'department', kind: 'department', word: 'late.department' }, AREA, { name: 'deadline_h', kind: 'number', word: 'do.hours', first: '24' }],
  },
  { type: 'SetResponseLevel', word: 'do.SetResponseLevel', right: 'command_incident', says: 'do.SetResponseLevel.says', fields: [LEVELS, BECAUSE] },
  { type: 'CloseIncident', word: 'do.CloseIncident', right: 'command_incident', says: 'do.CloseIncident.says', fields: [] },
  { type: 'CloseFalseAlarm', word: 'do.CloseFalseAlarm', right: 'command_incident', says: 'do.CloseFalseAlarm.says', fields: [REASON] },
  { type: 'MergeIncident', word: 'do.MergeIncident', right: 'command_incident', says: 'do.MergeIncident.says', fields: [{ name: 'into', kind: 'incident', word: 'do.into' }, REASON] },
  { type: 'TransferIncident', word: 'do.TransferIncident', right: 'command_incident', says: 'do.TransferIncident.says', fields: [AREA, REASON] },
  { type: 'WithdrawPlan', word: 'do.WithdrawPlan', right: 'command_incident', says: 'do.WithdrawPlan.says', fields: [REASON] },
]
export const CLOSED_DECISIONS: readonly Deed[] = [{ type: 'ReopenIncident', word: 'do.ReopenIncident', right: 'command_incident', fields: [BECAUSE] }]

export const waive = (objective: string): Deed => ({ type: 'WaiveObjective', word: 'do.WaiveObjective', right: 'command_incident', says: 'do.WaiveObjective.says', fields: [REASON], make: (values) => ({ ...values, objective }) })
export const WITHDRAW_ORDER: Deed = { type: 'WithdrawOrder', word: 'do.WithdrawOrder', right: 'command_incident', says: 'do.WithdrawOrder.says', fields: [REASON] }
/** Who in the department does it; the chosen tasks come with their departments. */
export const assign = (me: string): Deed => ({ type: 'AssignTask', word: 'do.AssignTask', right: 'answer_task', says: 'do.AssignTask.says', fields: [{ name: 'assignee', kind: 'text', word: 'do.assignee', optional: true, first: me }] })
/** What a commander changes of an order: whose it is, until when, whether it stands at all. */
export const ORDER_DEEDS: readonly Deed[] = [
  { type: 'RedirectTask', word: 'do.RedirectTask', right: 'command_incident', says: 'do.RedirectTask.says', fields: [{ name: 'to_department', kind: 'department', word: 'late.department' }, REASON] },
  { type: 'SetDeadline', word: 'do.SetDeadline', right: 'command_incident', says: 'do.SetDeadline.says', fields: [{ name: 'hours', kind: 'number', word: 'do.hours', first: '24' }, REASON], make: (values) => ({ ...values, hours: Number(values['hours']) }) },
  WITHDRAW_ORDER,
]
/** What is known of a case, as it was reported; the rest of a correction stays as it is. */
interface Known { id: string; subject: string; hazard: string; area: string; status: string; found_in: string; onset: string | null }
const STATUSES = ['suspected', 'asymptomatic', 'confirmed', 'recovered', 'dead'] as const
export function caseDeeds(row: Known): Deed[] {
  const same = { case: row.id, subject: row.subject, hazard: row.hazard, area: row.area, status: row.status, source: SOURCE }
  const dropped = (note: string): Record<string, unknown> => ({ ...same, status: 'discarded', note })
  return [
    {
      type: 'ReportCase', word: 'do.CorrectCase', right: 'report', says: 'do.CorrectCase.says', make: (values) => ({ ...same, ...values }),
      fields: [{ name: 'status', kind: 'choice', word: 'case.status', choices: STATUSES, said: 'case', first: row.status }, { ...FOUND, first: row.found_in }, { name: 'onset', kind: 'day', word: 'case.onset', optional: true, first: row.onset ?? '' }, { name: 'note', kind: 'text', word: 'con.note', optional: true }],
    },
    { type: 'ReportCase', word: 'do.MoveCase', right: 'report', says: 'do.CorrectCase.says', fields: [AREA, { name: 'note', kind: 'text', word: 'do.reason' }], make: (values) => ({ ...same, ...values }) },
    { type: 'ReportCase', word: 'do.DiscardCase', right: 'report', says: 'do.DiscardCase.says', fields: [{ name: 'note', kind: 'text', word: 'do.reason' }], make: (values) => dropped(values['note'] ?? '') },
    { type: 'ReportCase', word: 'do.MergeCase', right: 'report', says: 'do.MergeCase.says', fields: [{ name: 'other', kind: 'text', word: 'do.otherCase' }, { name: 'note', kind: 'text', word: 'do.reason' }], make: (values) => dropped(t('do.sameAs', { case: values['other'] ?? '', why: values['note'] ?? '' })) },
  ]
}
export const CONTACT_STEPS = ['located', 'isolated', 'tested_negative', 'tested_positive', 'released', 'not_found', 'lives_outside'] as const
export const WRITE: Deed = { type: 'WriteJournal', word: 'do.WriteJournal', right: 'keep_journal', says: 'do.WriteJournal.says', fields: [{ name: 'text', kind: 'reason', word: 'do.entry' }] }
const SETTINGS = ['household', 'work', 'school', 'venue', 'transport', 'hospital', 'community', 'unknown'] as const
/** The noon of a day, or this moment where the day has not come so far. */
const noonOf = (day: string): string => new Date(Math.min(Date.parse(`${day}T12:00:00Z`), Date.now() + queue.skewMs)).toISOString()
/** Somebody was with a case; where the case is not known from the page, its number is asked for. */
export const nameContact = (asked: boolean): Deed => ({
  type: 'NameContact', word: 'do.NameContact', right: 'care_contact', says: 'do.NameContact.says',
  fields: [...(asked ? [{ name: 'case', kind: 'text', word: 'do.caseNumber' } as const] : []), ...WHO, AREA, { name: 'setting', kind: 'choice', word: 'con.setting', choices: SETTINGS, said: 'setting', first: 'household' }, { name: 'exposed_at', kind: 'day', word: 'do.exposed', optional: true }],
  make: (values) => ({ ...withPerson(values), contact: makeId().replace('console-', 'ct-'), ...(values['exposed_at'] ? { exposed_at: noonOf(values['exposed_at']) } : {}) }),
})
const judge = (judgement: 'confirm' | 'dismiss'): Deed => ({ type: 'JudgeSignal', word: `do.${judgement}Signal`, right: 'command_incident', says: `do.${judgement}Signal.says`, fields: [BECAUSE], make: (values) => ({ ...values, judgement }) })
/** Nothing was wrong: a false alarm, by a person and with a reason. */
export const DISMISS_DEFECT: Deed = { type: 'DismissDefect', word: 'do.dismissDefect', right: 'assess_task', says: 'do.dismissDefect.says', fields: [BECAUSE] }
export const JUDGEMENTS: readonly Deed[] = [judge('confirm'), judge('dismiss')]
