// Names areas: those of the first level the screen knows; the ones below are asked for once, when first wanted.
import { ApiError, getAreas, getBaseMap } from '../api/client'
import { live } from './live.svelte'
import { area, words } from './words.svelte'

class Names {
  known = $state<Record<string, string>>({})
  #asked = new Set<string>()

  /** Learn the names under an area, and further down towards a code; what cannot be asked stays a code. */
  async learn(top: string, code: string): Promise<void> {
    if (this.#asked.has(top)) return
    this.#asked.add(top)
    try {
      const below = await getAreas(top)
      Object.assign(this.known, Object.fromEntries(below.map((one) => [one.code, one.name])))
      const next = below.find((one) => code.startsWith(one.code) && one.code !== code && !one.leaf)
      if (next) await this.learn(next.code, code)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.#asked.delete(top)
    }
  }

  /** The name of a code, or of the deepest area above it that is known. */
  find(code: string): string | undefined {
    const known = this.known[code]
    if (known) return known
    const above = Object.keys(this.known).filter((one) => code.startsWith(one)).sort((a, b) => b.length - a.length)[0]
    return above ? this.known[above] : undefined
  }
}

const names = new Names()

export function areaOf(code: string): string {
  const top = live.screen?.areas.find((one) => code.startsWith(one.code))
  if (!top) return code
  if (top.code === code) return area(top.name)
  const below = names.known[code]
  if (below === undefined) {
    const towards = Object.keys(names.known).filter((one) => code.startsWith(one)).sort((a, b) => b.length - a.length)[0] ?? top.code
    queueMicrotask(() => void names.learn(towards, code))
  }
  const name = names.find(code)
  return name ? (name.startsWith(top.name) ? name : `${area(top.name)} · ${name}`) : area(top.name)
}

/** The English names of the first level, which the city's sources have for its map; without a map they stay as they are. */
export async function learnEnglish(areas: readonly { code: string; name: string }[]): Promise<void> {
  try {
    const { names_en: known } = await getBaseMap()
    words.english = Object.fromEntries(areas.flatMap((one) => (known?.[one.code] ? [[one.name, known[one.code] ?? '']] : [])))
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
  }
}
