// Lengths and areas on the sphere, and what a view of the map is worth on paper.
export type Point = [number, number]
const EARTH_M = 6_371_008.8
const RAD = Math.PI / 180

export function distance([lon1, lat1]: Point, [lon2, lat2]: Point): number {
  const h = Math.sin(((lat2 - lat1) * RAD) / 2) ** 2 + Math.cos(lat1 * RAD) * Math.cos(lat2 * RAD) * Math.sin(((lon2 - lon1) * RAD) / 2) ** 2
  return 2 * EARTH_M * Math.asin(Math.sqrt(h))
}

export const lengthOf = (line: readonly Point[]): number => line.slice(1).reduce((sum, one, n) => sum + distance(line[n]!, one), 0)

/** Square metres inside a ring (Chamberlain and Duquette 2007). */
export function areaOf(ring: readonly Point[]): number {
  let sum = 0
  ring.forEach(([lon, lat], n) => {
    const [next, above] = ring[(n + 1) % ring.length]!
    sum += (next - lon) * RAD * (2 + Math.sin(lat * RAD) + Math.sin(above * RAD))
  })
  return Math.abs((sum * EARTH_M * EARTH_M) / 2)
}

/** A round length of at most `px` pixels, and how wide it is drawn. */
export function scaleBar(metresPerPixel: number, px: number): { px: number; metres: number } {
  const wide = metresPerPixel * px
  const unit = 10 ** Math.floor(Math.log10(wide))
  const metres = unit * (wide / unit >= 5 ? 5 : wide / unit >= 2 ? 2 : 1)
  return { px: metres / metresPerPixel, metres }
}

export const metresPerPixel = (zoom: number, lat: number): number => (2 * Math.PI * 6_378_137 * Math.cos(lat * RAD)) / (512 * 2 ** zoom)

function holds(ring: number[][], [lon, lat]: Point): boolean {
  let inside = false
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [x1, y1] = ring[i] as Point
    const [x2, y2] = ring[j] as Point
    if (y1 > lat !== y2 > lat && lon < ((x2 - x1) * (lat - y1)) / (y2 - y1) + x1) inside = !inside
  }
  return inside
}

const contains = (shape: GeoJSON.Geometry, at: Point): boolean =>
  (shape.type === 'Polygon' ? [shape.coordinates] : shape.type === 'MultiPolygon' ? shape.coordinates : []).some(([outer, ...holes]) => holds(outer ?? [], at) && !holes.some((hole) => holds(hole, at)))

/** Codes of all areas, of whatever depth, whose outline a place lies in, and of the nearest point's. */
export function areasOver(shapes: GeoJSON.FeatureCollection, at: Point): string[] {
  const near = areaAt(shapes, at)?.code
  const over = shapes.features.filter((one) => contains(one.geometry, at)).map((one) => String(one.properties?.code))
  return near && !over.includes(near) ? [near, ...over] : over
}

/** The smallest area of the map at a point: inside an outline, else the nearest point of the areas below it. */
export function areaAt(shapes: GeoJSON.FeatureCollection, at: Point): { code: string; name: string } | null {
  const told = (one: GeoJSON.Feature): { code: string; name: string } => ({ code: String(one.properties?.code), name: String(one.properties?.name) })
  const deep = [...shapes.features].sort((a, b) => Number(b.properties?.depth) - Number(a.properties?.depth))
  const outlined = deep.find((one) => contains(one.geometry, at))
  if (outlined && Number(outlined.properties?.depth) > 1) return told(outlined)
  const points = deep.filter((one) => one.geometry.type === 'Point' && (!outlined || String(one.properties?.code).startsWith(String(outlined.properties?.code))))
  const nearest = points.sort((a, b) => distance((a.geometry as GeoJSON.Point).coordinates as Point, at) - distance((b.geometry as GeoJSON.Point).coordinates as Point, at))[0]
  return nearest ? told(nearest) : outlined ? told(outlined) : null
}
