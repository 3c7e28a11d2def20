// A rule of an edge as a sentence.
import type { WordKey } from '../words/en'
import type { DeviceRule } from './field'
import { hasWords, number, said, t, words } from './words.svelte'

const MINUTE = 60
const HOUR = 3600

/** A length of time in the largest unit that fits it. */
export function span(seconds: number): string {
  if (seconds >= HOUR && seconds % HOUR === 0) return t('rul.h', { n: number(seconds / HOUR) })
  if (seconds >= MINUTE && seconds % MINUTE === 0) return t('rul.min', { n: number(seconds / MINUTE) })
  return t('rul.s', { n: number(seconds) })
}

/** A length of time that was measured, to the minute or the hour. */
export const roughly = (seconds: number): string => span(seconds < MINUTE ? Math.round(seconds) : seconds < 2 * HOUR ? Math.round(seconds / MINUTE) * MINUTE : Math.round(seconds / HOUR) * HOUR)

/** What raises the alarm, what ends or heightens it, and what is done at once. */
export function ruleWords(rule: DeviceRule): string {
  const bounds = [rule.above === null ? '' : t('rul.above', { n: number(rule.above) }), rule.below === null ? '' : t('rul.below', { n: number(rule.below) })]
  const what = t(`rul.kind.${rule.kind}` as WordKey, {
    type: rule.type ? said('rdg', rule.type) : t('rul.any'), bound: bounds.filter(Boolean).join(t('rul.or')), held: rule.hold_s ? t('rul.held', { span: span(rule.hold_s) }) : '',
    window: span(rule.window_s), silence: span(rule.silence_s), count: number(rule.count), of: rule.of.join(', '),
  })
  const more = [
    rule.clear === null ? '' : t('rul.ends', { n: number(rule.clear) }),
    rule.escalate_after_s ? t('rul.grows', { severity: t(`mod.severity.${rule.escalate_to}`), span: span(rule.escalate_after_s) }) : '',
    rule.action ? t('rul.does', { action: rule.action }) : '',
  ]
  return [what, ...more].filter(Boolean).join(' · ')
}

/** Why an edge did not take its rules: a code and a sentence of the edge, which speaks one language. */
export function refusalWords(told: string): string {
  const [code = '', ...rest] = told.split(': ')
  const key = `rul.no.${code}`
  if (!hasWords(key)) return told
  return words.language === 'en' && rest.length ? `${t(key)} (${rest.join(': ')})` : t(key)
}
