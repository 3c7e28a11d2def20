// A working day of synthetic residents: unpacks the server's columns (see service/movement.py) and says where each is at a second.
const HEADER = 28
const STEPS = 65_535
const UNIT_S = 2

export interface Walkers { length: number; each: number; home: Float32Array; site: Float32Array; leave: Float32Array; ride: Float32Array; back: Float32Array }

export function unpack(buffer: ArrayBuffer): Walkers {
  const head = new DataView(buffer)
  const n = head.getUint32(4, true)
  const [west, south, east, north, each] = [8, 12, 16, 20, 24].map((at) => head.getFloat32(at, true)) as [number, number, number, number, number]
  const column = (index: number): Uint16Array => new Uint16Array(buffer, HEADER + index * n * 2, n)
  const points = (lons: Uint16Array, lats: Uint16Array): Float32Array => {
    const found = new Float32Array(n * 2)
    for (let i = 0; i < n; i++) {
      found[i * 2] = west + (lons[i]! / STEPS) * (east - west)
      found[i * 2 + 1] = south + (lats[i]! / STEPS) * (north - south)
    }
    return found
  }
  const seconds = (values: Uint16Array): Float32Array => Float32Array.from(values, (value) => value * UNIT_S)
  return {
    length: n, each, home: points(column(0), column(1)), site: points(column(2), column(3)),
    leave: seconds(column(4)), ride: seconds(column(5)), back: seconds(column(6)),
  }
}

/** lon, lat of everybody at a second of the day, into `out`: at home, on the way, at work or school, on the way back. */
export function positionsAt(walkers: Walkers, second: number, out: Float32Array): void {
  const { home, site, leave, ride, back, length } = walkers
  for (let i = 0; i < length; i++) {
    const there = (second - leave[i]!) / ride[i]!
    const gone = (second - back[i]!) / ride[i]!
    const share = Math.min(1, Math.max(0, there)) - Math.min(1, Math.max(0, gone))
    const at = i * 2
    out[at] = home[at]! + (site[at]! - home[at]!) * share
    out[at + 1] = home[at + 1]! + (site[at + 1]! - home[at + 1]!) * share
  }
}
