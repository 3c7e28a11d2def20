// A picture of very many sensors, made dot by dot in memory: a processor fills pixels many times faster than software draws points.

export const RIM = 8 // pixels beyond the edge of the map, so that dots which reach in are whole

/** What lies in the picture: pixels from its lower left corner, and the place of each in the list. */
export interface Seen { x: Int16Array; y: Int16Array; row: Uint32Array; length: number }
export const seenOf = (most: number): Seen => ({ x: new Int16Array(most), y: new Int16Array(most), row: new Uint32Array(most), length: 0 })

/** Looks at the sensors through the view of the map; `wide` and `high` are its pixels, the picture has a rim more on each side. */
export function look(view: ArrayLike<number>, at: Float32Array, wide: number, high: number, seen: Seen): void {
  const [a, b, c, d, e, f, g, h, i] = [0, 4, 12, 1, 5, 13, 3, 7, 15].map((one) => view[one]!) as [number, number, number, number, number, number, number, number, number]
  const [right, top] = [wide + RIM, high + RIM]
  const { x: xs, y: ys, row } = seen
  let found = 0
  for (let n = 0; n < at.length; n += 2) {
    const x = at[n]!
    const y = at[n + 1]!
    const deep = g * x + h * y + i
    if (deep <= 0) continue
    const px = (((a * x + b * y + c) / deep) * 0.5 + 0.5) * wide
    const py = (((d * x + e * y + f) / deep) * 0.5 + 0.5) * high
    if (px < -RIM || py < -RIM || px >= right || py >= top) continue
    xs[found] = px + RIM
    ys[found] = py + RIM
    row[found++] = n >> 1
  }
  seen.length = found
}

/** Discs of `side` pixels; what comes later lies on top. A colour of nought is not drawn. */
export function paint(seen: Seen, colours: Uint32Array, side: number, wide: number, high: number, pixels: Uint32Array): void {
  const [across, up] = [wide + 2 * RIM, high + 2 * RIM]
  const [below, above] = [Math.floor(side / 2), Math.ceil(side / 2)]
  const disc: number[] = []
  for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) if ((x - (side - 1) / 2) ** 2 + (y - (side - 1) / 2) ** 2 <= side ** 2 / 4 - 0.3) disc.push((y - below) * across + x - below)
  pixels.fill(0)
  for (let n = 0; n < seen.length; n++) {
    const x = seen.x[n]!
    const y = seen.y[n]!
    const colour = colours[seen.row[n]!]!
    if (!colour || x < below || y < below || x + above > across || y + above > up) continue
    const here = y * across + x
    for (let step = 0; step < disc.length; step++) pixels[here + disc[step]!] = colour
  }
}

/** Colours as the map blends them: each part already as strong as its opacity. */
export function blended(colours: Uint8Array): Uint32Array<ArrayBuffer> {
  const found = new Uint8Array(colours.length)
  for (let n = 0; n < colours.length; n += 4) {
    const strength = colours[n + 3]! / 255
    found[n] = colours[n]! * strength
    found[n + 1] = colours[n + 1]! * strength
    found[n + 2] = colours[n + 2]! * strength
    found[n + 3] = colours[n + 3]!
  }
  return new Uint32Array(found.buffer)
}
