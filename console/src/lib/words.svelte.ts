// Which language is spoken, and how words, numbers and times are written in it.
import { en, type WordKey } from '../words/en'
import { eventWords } from '../words/events'
import { zh } from '../words/zh'

export type Language = 'en' | 'zh'
const KEPT = 'twinward.language'

function firstLanguage(): Language {
  const kept = localStorage.getItem(KEPT)
  if (kept === 'en' || kept === 'zh') return kept
  return navigator.language.startsWith('zh') ? 'zh' : 'en'
}

class Words {
  language = $state<Language>(firstLanguage())
  zone = $state('UTC')
  departments = $state.raw<Record<string, string>>({}) // id -> title, as the server names them in this language
  plans = $state.raw<Record<string, string>>({})
  english = $state.raw<Record<string, string>>({}) // an area's own name -> its English one, of the areas on the first level

  set(language: Language): void {
    this.language = language
    localStorage.setItem(KEPT, language)
    document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en'
  }
}

export const words = new Words()
const tag = (): string => (words.language === 'zh' ? 'zh-CN' : 'en-GB')

/** Whether there are words for a key that comes from data. */
export const hasWords = (key: string): key is WordKey => key in zh

/** The words of a key, with {holes} filled. */
export function t(key: WordKey, holes: Record<string, string | number> = {}): string {
  const text: string = (words.language === 'zh' ? zh : en)[key]
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(holes[name] ?? ''))
}

/** A word whose key comes from data (a measure, a purpose, an objective), or the data's own word. */
export function said(kind: string, word: string): string {
  const key = `${kind}.${word}`
  if (key in en) return t(key as WordKey)
  const general = `${kind}.${word.split('/')[0]}` // `epidemic/some-strain` is an epidemic
  if (general in en) return t(general as WordKey)
  return word.replaceAll('_', ' ')
}

/** A title as the server says it in this language; of a department or plan named by its id alone, as it told them at the start. */
export function titled(kind: 'department' | 'plan' | 'task' | 'event', key: string, title?: string): string {
  if (kind === 'event') return eventWords(key, words.language === 'zh')
  return title ?? (kind === 'department' ? words.departments[key] : kind === 'plan' ? words.plans[key] : undefined) ?? key
}

/** An area's name, in English beside it where a source has it; the server calls the root `the city`. */
export const area = (name: string): string => (name === 'the city' ? t('area.wide') : words.language === 'en' && words.english[name] ? `${words.english[name]} ${name}` : name)

/** An area's name on a map, where a second one beside it would find no room. */
export const shortArea = (name: string): string => (words.language === 'en' ? (words.english[name] ?? area(name)) : area(name))

/** A sentence of the server with the English names beside the areas that it names. */
export const withAreas = (text: string): string => (words.language === 'en' ? Object.keys(words.english).reduce((said, name) => said.replaceAll(name, area(name)), text) : text)

/** A city's name as it is read: its id has no capitals and no spaces. */
export const cityName = (id: string): string => id.replace(/(^|-)(\w)/g, (_, gap: string, c: string) => (gap ? ' ' : '') + c.toUpperCase())

export const number = (n: number | null): string => (n === null ? '–' : new Intl.NumberFormat(tag()).format(n))
/** A forecast as surely as it is known: two figures, and a large one in words; small ones to the unit. */
export const rough = (n: number): string => {
  const value = Math.abs(n) < 100 ? Math.round(n) : Number(n.toPrecision(2))
  return Math.abs(value) < 1e6 ? number(value) : new Intl.NumberFormat(tag(), { notation: 'compact', compactDisplay: 'long', maximumSignificantDigits: 2 }).format(value)
}
export const signed = (n: number): string => new Intl.NumberFormat(tag(), { signDisplay: 'exceptZero' }).format(n)

export function day(iso: string): string {
  const at = new Date(`${iso}T12:00:00Z`)
  return new Intl.DateTimeFormat(tag(), { day: 'numeric', month: 'short', timeZone: 'UTC' }).format(at)
}

/** The city's day of an instant, as year-month-day. */
export const dayOf = (iso: string): string => new Intl.DateTimeFormat('en-CA', { timeZone: words.zone }).format(new Date(iso))

export function time(iso: string): string {
  return new Intl.DateTimeFormat(tag(), {
    day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: words.zone,
  }).format(new Date(iso))
}

export function shortTime(iso: string): string {
  return new Intl.DateTimeFormat(tag(), {
    day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: words.zone,
  }).format(new Date(iso))
}

/** A stretch of time in its largest fitting unit. */
export function age(from: string | number, to: string | number): string {
  const minutes = Math.max(0, (new Date(to).getTime() - new Date(from).getTime()) / 60_000)
  if (minutes < 90) return t('age.minutes', { n: Math.round(minutes) })
  if (minutes < 48 * 60) return t('age.hours', { n: Math.round(minutes / 60) })
  return t('age.days', { n: Math.round(minutes / 1440) })
}
