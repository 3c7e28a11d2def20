// The figures an area can be shown by, and the classes a map colours them with.
import type { AreaRow } from '../api/client'
import type { WordKey } from '../words/en'

export type Figure = 'new' | 'new_7d' | 'new_total' | 'tasks_late' | 'places'
export const FIGURES: { key: Figure; word: WordKey; short: WordKey }[] = [
  { key: 'new', word: 'fig.new', short: 'short.new' },
  { key: 'new_7d', word: 'fig.new7', short: 'short.new7' },
  { key: 'new_total', word: 'fig.total', short: 'short.total' },
  { key: 'tasks_late', word: 'fig.late', short: 'short.late' },
  { key: 'places', word: 'fig.places', short: 'short.places' },
]
const CLASSES = 5

/** Upper bounds of five classes in round numbers, from the largest value; class 0 is none. */
export function breaksOf(areas: AreaRow[], figure: Figure): number[] {
  const most = Math.max(0, ...areas.map((area) => area[figure] ?? 0))
  if (most <= CLASSES) return Array.from({ length: most }, (_, i) => i + 1)
  const bounds = Array.from({ length: CLASSES - 1 }, (_, i) => round(most ** ((i + 1) / CLASSES)))
  return [...new Set([...bounds, most])].sort((a, b) => a - b)
}

function round(value: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(value)))
  const step = [1, 2, 3, 5, 10].reduce((best, n) => (Math.abs(n * unit - value) < Math.abs(best * unit - value) ? n : best), 1)
  return Math.round(step * unit)
}

/** The class of a value: 0 for none, else 1 and up. */
export function classOf(value: number, breaks: number[]): number {
  if (value <= 0) return 0
  const found = breaks.findIndex((bound) => value <= bound)
  return found < 0 ? breaks.length : found + 1
}

/** The token that a class is painted with, spread over the ramp. */
export function rampOf(index: number, breaks: number[]): string {
  if (index === 0) return 'ramp-0'
  return `ramp-${breaks.length <= 1 ? 3 : Math.round(1 + ((index - 1) * 4) / (breaks.length - 1))}`
}
