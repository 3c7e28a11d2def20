// Statuses of persons as the API writes them, and the forms that set, confirm, refuse and lift one.
import { answerStatus, setStatus } from '../api/client'
import type { Deed, Field } from './deeds'
import { said, t } from './words.svelte'

export interface StatusView {
  id: string; area: string; subject: string; value: 'clear' | 'advice' | 'restricted'; state: 'proposed' | 'lapsed' | 'refused' | 'in_force' | 'under_review' | 'lifted' | 'ended'
  reason_code: string; reason: string; source: string; probability: number | null; basis: string; activation: string; set_by: string; confirmed_by: string | null; rule: string | null
  set_at: string; until: string; ends_by: string; renewals: number; review_by: string | null; objection: string | null; objection_due_at: string | null; because: string | null
  statement: { en: string; zh: string }
}

const VALUES = ['restricted', 'advice', 'clear'] as const
const CODES = ['test_positive', 'close_contact', 'traced', 'place_visited', 'travelled', 'declared', 'cleared'] as const
const MOST_DAYS = 14
const DAY_MS = 86_400_000
const BECAUSE: Field = { name: 'because', kind: 'reason', word: 'do.reason' }
export const RUNNING: readonly StatusView['state'][] = ['proposed', 'in_force', 'under_review']

/** Asks for a status under one of the activations in force, counted from the server's time; what is adverse waits for a second person. */
export const setDeed = (activations: readonly { id: string }[], now: string): Deed => ({
  type: 'set-status', word: 'st.set', right: 'propose_change', says: 'st.set.says',
  fields: [
    { name: 'subject', kind: 'text', word: 'st.subject' }, { name: 'area', kind: 'area', word: 'area.name' },
    { name: 'value', kind: 'choice', word: 'st.value', choices: VALUES, said: 'st', first: 'restricted' },
    { name: 'reason_code', kind: 'choice', word: 'st.code', choices: CODES, said: 'st', first: 'traced' },
    { name: 'reason', kind: 'reason', word: 'st.told' }, { name: 'source', kind: 'text', word: 'st.source' },
    { name: 'probability', kind: 'text', word: 'st.probability', optional: true },
    { name: 'activation', kind: 'choice', word: 'st.activation', choices: activations.map((one) => one.id), first: activations[0]?.id ?? '' },
    { name: 'days', kind: 'number', word: 'st.days', first: '7' }, { name: 'ends_by', kind: 'text', word: 'st.endsBy', optional: true },
  ],
  run: async ({ days, probability, ...rest }) => {
    const until = new Date(Date.parse(now) + Math.min(Number(days), MOST_DAYS) * DAY_MS).toISOString()
    const made = await setStatus({ ...rest, until, ...(probability ? { probability: Number(probability) } : {}) })
    return t(made.state === 'proposed' ? 'st.waits' : 'st.holds', { status: made.id, value: said('st', made.value) })
  },
})

/** What can be done with one: a second person confirms or refuses what waits; anybody who may propose lifts what holds. */
export function statusDeeds(one: StatusView, me: string): Deed[] {
  const answer = (act: 'confirm' | 'refuse' | 'lift') => async (values: Record<string, string>): Promise<void> => { await answerStatus(one.id, act, values['because'] ?? '') }
  if (one.state === 'proposed' && one.set_by !== me)
    return [
      { type: 'confirm', word: 'two.confirm', right: 'confirm_change', says: 'st.confirm.says', fields: [], run: answer('confirm') },
      { type: 'refuse', word: 'two.refuse', right: 'confirm_change', fields: [BECAUSE], run: answer('refuse') },
    ]
  if (one.state === 'in_force' || one.state === 'under_review') return [{ type: 'lift', word: 'st.lift', right: 'propose_change', says: 'st.lift.says', fields: [BECAUSE], run: answer('lift') }]
  return []
}
