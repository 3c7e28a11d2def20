// Forms for powers and accounts: each asks a route of its own and may answer with something that is shown once.
import { answerAccount, breakGlass, changePassword, closeActivation, type Contact, keepAccount, openActivation, openName, proposeChange, renewActivation, type AccountOutcome } from '../api/client'
import type { Deed, Field } from './deeds'
import { queue } from './queue.svelte'
import { shortTime, t } from './words.svelte'

const MOST_DAYS = '14'
const ROLES = ['duty_officer', 'case_investigator', 'department_officer', 'community_officer', 'hospital', 'courier', 'edge', 'cabinet', 'planner', 'leader', 'auditor', 'data_officer', 'administrator'] as const
const BASIS: Field = { name: 'basis', kind: 'reason', word: 'trust.basis' }
const DAYS: Field = { name: 'days', kind: 'number', word: 'power.days', first: MOST_DAYS }
const AREA: Field = { name: 'area', kind: 'area', word: 'area.name', optional: true }
const REASON: Field = { name: 'reason', kind: 'reason', word: 'do.reason' }
const areas = (values: Record<string, string>): string[] => [values['area'] || 'all']

export const OPEN_POWER: Deed = {
  type: 'open-activation', word: 'power.open', right: 'open_activation', says: 'power.open.says',
  fields: [
    { name: 'hazard', kind: 'choice', word: 'do.hazard', choices: ['epidemic', 'flood'], said: 'hazard', first: 'epidemic' },
    { name: 'purposes', kind: 'checks', word: 'trust.purposes', choices: ['trace', 'care', 'vault'], said: 'purpose' }, AREA, DAYS, BASIS,
  ],
  run: async (values) => { await openActivation({ hazard: values['hazard'] ?? '', purposes: (values['purposes'] ?? '').split(','), areas: areas(values), days: Number(values['days']), basis: values['basis'] ?? '' }) },
}
export const BREAK_GLASS: Deed = {
  type: 'break-glass', word: 'power.glass', right: 'break_glass', says: 'power.glass.says',
  fields: [{ name: 'area', kind: 'area', word: 'area.name' }, { name: 'hours', kind: 'choice', word: 'power.hours', choices: ['1', '2', '4'], first: '1' }, REASON],
  run: async (values) => { await breakGlass({ areas: areas(values), hours: Number(values['hours']), reason: values['reason'] ?? '' }) },
}
export const renewPower = (id: string): Deed => ({ type: 'renew', word: 'power.renew', right: 'open_activation', says: 'power.renew.says', fields: [DAYS, BASIS], run: async (values) => { await renewActivation(id, { days: Number(values['days']), basis: values['basis'] ?? '' }) } })
export const endPower = (id: string): Deed => ({ type: 'end', word: 'power.end', right: 'open_activation', says: 'power.end.says', fields: [REASON], run: async (values) => { await closeActivation(id, values['reason'] ?? '') } })

/** What came of it: done, waiting for a second person, and the one-time secret, which is shown this once. */
function told(outcome: AccountOutcome): string {
  if (outcome.one_time_secret) return t('account.secret', { name: outcome.name, secret: outcome.one_time_secret })
  return outcome.state === 'proposed' ? t('account.proposed', { time: outcome.lapses_at ? shortTime(outcome.lapses_at) : '–' }) : t('account.done')
}
const ROLE: Field = { name: 'role', kind: 'choice', word: 'trust.role', choices: ROLES, said: 'role' }
const DEPARTMENT: Field = { name: 'department', kind: 'department', word: 'trust.department', optional: true }
const keep = (act: string, name = '') => async (values: Record<string, string>): Promise<string> => {
  const { area, ...rest } = values
  return told(await keepAccount({ act, ...(name ? { name } : {}), ...rest, ...(act === 'add' || act === 'role' ? { areas: [area || 'all'] } : {}) }))
}
export const ADD_ACCOUNT: Deed = { type: 'add', word: 'account.add', right: 'keep_accounts', says: 'account.add.says', fields: [{ name: 'name', kind: 'text', word: 'trust.name' }, ROLE, DEPARTMENT, AREA, REASON], run: keep('add') }
export const accountDeeds = (name: string, locked: boolean): Deed[] => [
  { type: 'role', word: 'account.role', right: 'keep_accounts', fields: [ROLE, DEPARTMENT, AREA, REASON], run: keep('role', name) },
  { type: 'reset', word: 'account.reset', right: 'keep_accounts', says: 'account.reset.says', fields: [REASON], run: keep('reset', name) },
  locked ? { type: 'unlock', word: 'account.unlock', right: 'keep_accounts', fields: [REASON], run: keep('unlock', name) } : { type: 'lock', word: 'account.lock', right: 'keep_accounts', says: 'account.lock.says', fields: [REASON], run: keep('lock', name) },
]
export const changeDeeds = (change: string): Deed[] => [
  { type: 'confirm', word: 'two.confirm', right: 'keep_accounts', fields: [], run: async () => told(await answerAccount(change, 'confirm', '')) },
  { type: 'refuse', word: 'two.refuse', right: 'keep_accounts', fields: [REASON], run: async (values) => told(await answerAccount(change, 'refuse', values['reason'] ?? '')) },
]
export const PASSWORD: Deed = {
  type: 'password', word: 'account.password', right: 'keep_session', says: 'account.password.says', fields: [{ name: 'password', kind: 'secret', word: 'account.old' }, { name: 'new', kind: 'secret', word: 'login.new' }],
  run: async (values) => { await changePassword(values['password'] ?? '', values['new'] ?? ''); return t('account.done') },
}
const DAY_MS = 86_400_000
/** Where two persons decide on isolation it is proposed, one change for each contact, and ends by itself. */
export const proposeIsolation = (rows: readonly Contact[]): Deed => ({
  type: 'isolate', word: 'do.isolate', right: 'propose_change', says: 'do.isolate.says', fields: [REASON, BASIS, DAYS],
  run: async (values) => {
    const until = new Date(Date.now() + queue.skewMs + Number(values['days']) * DAY_MS).toISOString()
    for (const one of rows) await proposeChange({ kind: 'quarantine_order', area: one.area, subject: one.subject, thing: one.id, reason: values['reason'] ?? '', basis: values['basis'] ?? '', until })
    return t('do.isolate.done', { n: rows.length })
  },
})
const SHOWN = ['name', 'phone', 'document', 'address'] as const
/** The name behind a pseudonym, shown once in the dialog and kept nowhere on the device. */
export const openPerson = (subject: string): Deed => ({
  type: 'open-name', word: 'power.name', right: 'open_vault', says: 'power.name.says', fields: [REASON],
  run: async (values) => {
    const person = await openName(subject, values['reason'] ?? '')
    return SHOWN.map((one) => person[one]).filter((one) => typeof one === 'string' && one).join(' · ') || t('power.name.none')
  },
})
