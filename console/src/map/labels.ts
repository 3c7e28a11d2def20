// Where names go on a drawn map: in their area where there is room, else beside the map with a line to it; no two lie over each other.
export interface Named { code: string; lines: readonly string[]; x: number; y: number; room: number }
export interface Placed { code: string; lines: readonly string[]; x: number; y: number; from: [number, number] | null }

const WIDE = /[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uff60]/
/** About how wide a text is, in letters' heights. */
export const widthOf = (text: string): number => [...text].reduce((sum, letter) => sum + (WIDE.test(letter) ? 1 : 0.6), 0)

/** The larger areas first; what finds no room is named at `aside`, from above to below, as many as fit in `high`. */
export function placeNames(all: readonly Named[], size: number, aside: number, high: number): Placed[] {
  const line = size * 1.15
  const taken: [number, number, number, number][] = []
  const inside: Placed[] = []
  const beside: Named[] = []
  for (const one of [...all].sort((a, b) => b.room - a.room || a.code.localeCompare(b.code))) {
    const half = (Math.max(...one.lines.map(widthOf)) * size) / 2
    const box: [number, number, number, number] = [one.x - half, one.y - line, one.x + half, one.y + line * (one.lines.length - 1)]
    const free = half * 2 <= one.room * 1.15 && taken.every((other) => box[2] < other[0] || other[2] < box[0] || box[3] < other[1] || other[3] < box[1])
    if (!free) { beside.push(one); continue }
    taken.push(box)
    inside.push({ ...one, from: null })
  }
  const most = Math.max(0, Math.floor((high - line) / line))
  const told = beside.slice(0, most).sort((a, b) => a.y - b.y || a.x - b.x)
  const gap = Math.min(size * 1.8, (high - line) / Math.max(1, told.length)) // lines that run close together are not told apart
  const spread = ((told.length - 1) * gap) / 2
  const middle = told.reduce((sum, one) => sum + one.y, 0) / Math.max(1, told.length)
  let next = Math.max(line, middle - spread)
  const rows = told.map((one, n) => {
    const last = high - gap * (told.length - n - 1) - size * 0.4
    const y = Math.min(Math.max(one.y, next), last)
    next = y + gap
    return { code: one.code, lines: [one.lines.join(' ')], x: aside, y, from: [one.x, one.y] as [number, number] }
  })
  return [...inside, ...rows]
}
