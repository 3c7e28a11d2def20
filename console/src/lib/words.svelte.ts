// Which language is spoken, and how words, numbers and times are written in it.
import { en, type WordKey } from '../words/en'
import { english, inChinese, library } from '../words/library'
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
  departments = $state.raw<Record<string, string>>({}) // id -> title, as the server names them

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

/** A title of the bundled library, in Chinese where we have it; otherwise as it is written there. */
export function titled(kind: 'department' | 'plan' | 'task' | 'event', key: string, title?: string): string {
  const name = `${kind}.${key}`
  if (words.language === 'zh') return kind === 'task' ? worded(title ?? key) : (library[name] ?? title ?? key)
  return title ?? (kind === 'department' ? words.departments[key] : english(name)) ?? key
}

/** A text that a plan has in its own words, in Chinese where we have it. */
export const worded = (text: string): string => (words.language === 'zh' ? inChinese(text) : undefined) ?? text

/** An area's name; the server calls the root `the city`. */
export const area = (name: string): string => (name === 'the city' ? t('area.wide') : name)

export const number = (n: number | null): string => (n === null ? '–' : new Intl.NumberFormat(tag()).format(n))
export const signed = (n: number): string => new Intl.NumberFormat(tag(), { signDisplay: 'exceptZero' }).format(n)

export function day(iso: string): string {
  const at = new Date(`${iso}T12:00:00Z`)
  return new Intl.DateTimeFormat(tag(), { day: 'numeric', month: 'short', timeZone: 'UTC' }).format(at)
}

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

// The server's reasons are sentences in English with numbers in them; the same sentences in Chinese.
const REASONS: [RegExp, string][] = [
  [/^every essential task is done(?: \((\d+)\))?$/, '必要任务已全部完成'],
  [/^([\d,]+) essential tasks? (?:is|are) open; late: (.*)$/, '$1 项必要任务未完成；逾期：$2'],
  [/^([\d,]+) essential tasks? (?:is|are) open$/, '$1 项必要任务未完成'],
  [/^(?:all|the) (\d+) contacts? (?:named is|are) located, isolated and tested$/, '$1 名接触者均已找到、隔离并检测'],
  [/^(\d+) of ([\d,]+) contacts? (?:is|are) not yet located, isolated and tested$/, '$2 名接触者中尚有 $1 名未找到、隔离并检测'],
  [/^(?:all|the) (\d+) contacts? (?:named is|are) settled: living outside (\d+), not found (\d+)$/, '$1 名接触者均已处置：居住外地 $2 名，未找到 $3 名'],
  [/^(\d+) of ([\d,]+) contacts? (?:is|are) not yet located, isolated and tested; not found (\d+), followed up until (.*)$/, '$2 名接触者中尚有 $1 名未找到、隔离并检测；寻找未果 $3 名，随访至 $4'],
  [/^no linked case for (\d+) days? \(the window is (\d+)\), last report (.*)$/, '已 $1 天无关联病例（窗口 $2 天），最近报告 $3'],
  [/^the last linked case was today; the window is (\d+) days?$/, '今天有关联病例，窗口为 $1 天'],
  [/^the last linked case was (\d+) days? ago; the window is (\d+) days?$/, '最近的关联病例在 $1 天前，窗口为 $2 天'],
  [/^no report since (.*): silence is not evidence$/, '自 $1 起没有报告：沉默不是证据'],
  [/^no plan is in force for this incident$/, '此事件尚无现行预案'],
  [/^authorised beforehand by (.*?): (.*)$/, '由 $1 事先授权：$2'],
  [/^adopted by (.*)$/, '由 $1 批准'],
  [/^([\d,]+) reported infections are still in course; ([\d,]+) more are an estimate: reports are taken to find (\d+)%, (\d+) days after infection; the last (\d+) follow their growth$/, '已报告的 $1 例感染仍在病程中；另有 $2 例为估计：假定报告发现其中 $3%，在感染 $4 天之后；最近 $5 天按其增长推算'],
  [/^which residents of an area they are is drawn$/, '具体是该区域的哪些居民由抽样决定'],
  [/^measures in force that the simulator does not know: (.*)$/, '模拟器不认识的现行措施：$1'],
  [/^not simulated: (.*)$/, '未模拟：$1'],
]

export function reason(text: string): string {
  if (words.language !== 'zh') return text
  for (const [form, chinese] of REASONS) {
    const found = form.exec(text)
    if (found) return chinese.replace(/\$(\d)/g, (_, n: string) => worded(found[Number(n)] ?? ''))
  }
  return text
}
