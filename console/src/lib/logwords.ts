// What a line of the duty log says, in the words of the screen.
import { number, said, t, titled, words } from './words.svelte'
import type { WordKey } from '../words/en'

const TEXTS = ['text', 'pending', 'warnings', 'comment', 'reason', 'because', 'evidence'] as const

const BY_ITSELF = ['loop', 'watch', 'desk']

/** Who did it: a person by name, or what works by itself. */
export const who = (actor: string): string => (BY_ITSELF.includes(actor) ? t('log.automatic') : actor)

/** A text of the log with plans by their titles in place of their ids. */
export const withTitles = (text: string): string => text.replaceAll(/[a-z0-9]+(?:-[a-z0-9]+)+/g, (id) => words.plans[id] ?? id)

export function sayLine(says: Record<string, unknown>): string {
  const level = typeof says['level'] === 'string' && ['I', 'II', 'III', 'IV'].includes(says['level']) ? t(`level.${says['level']}` as WordKey) : ''
  const plan = typeof says['plan'] === 'string' ? titled('plan', says['plan']) : ''
  const department = typeof says['department'] === 'string' ? titled('department', says['department']) : ''
  const task = typeof says['title'] === 'string' ? says['title'] : ''
  const measure = typeof says['measure'] === 'string' ? said('measure', says['measure']) : ''
  const kind = typeof says['kind'] === 'string' && !says['quantity'] ? said('change', says['kind']) : ''
  const supply = typeof says['quantity'] === 'number' && typeof says['kind'] === 'string' ? `${said('supply', says['kind'])} ${number(says['quantity'])} ${said('unit', String(says['unit'] ?? ''))}` : ''
  const way = typeof says['to_hospital'] === 'string' ? `${String(says['hospital'] ?? '')} → ${says['to_hospital']}` : ''
  const to = typeof says['to'] === 'string' ? `→ ${says['to']}` : ''
  const texts = TEXTS.map((name) => (typeof says[name] === 'string' ? withTitles(says[name]) : '')).filter(Boolean)
  return [level, plan, task, department, measure, kind, supply, way, to, ...texts].filter(Boolean).join(' · ')
}
