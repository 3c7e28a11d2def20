// Names areas by what the screen knows: the area of the first level that a code lies in, and the rest of the code.
import { live } from './live.svelte'
import { area } from './words.svelte'

export function areaOf(code: string): string {
  const top = live.screen?.areas.find((one) => code.startsWith(one.code))
  if (!top) return code
  return top.code === code ? area(top.name) : `${area(top.name)} · ${code.slice(top.code.length)}`
}
