// Reads the tiles that `twinward scene build` writes: glTF with the twin's ids (see citybase/scene/gltf.py), and the tree of them.
export interface Leaf { name: string; west: number; south: number; east: number; north: number; low: number; high: number; transform: number[] }
/** `ground`: where it stands, metres above the source's zero; `floors` null: not known; `floorsFrom` 0: stated, 2: estimated. */
export interface Entity { id: string; kind: string; height: number; from: number; floors: number | null; floorsFrom: number; ground: number }
export interface Mesh { position: Float32Array; colour: Uint8Array; feature: Float32Array; index: Uint16Array | Uint32Array; readonly entities: Entity[] }

interface TileNode { boundingVolume?: { region?: number[] }; content?: { uri?: string }; transform?: number[]; children?: TileNode[] }
const DEGREES = 180 / Math.PI

/** Every tile with something in it; a tree that is none of ours has none. */
export function leavesOf(tileset: unknown): Leaf[] {
  const found: Leaf[] = []
  const walk = (node: TileNode | undefined): void => {
    const region = node?.boundingVolume?.region
    const name = node?.content?.uri?.split('/').pop()
    if (node && region && name && node.transform?.length === 16 && region[2]! > region[0]!) {
      found.push({ name, west: region[0]! * DEGREES, south: region[1]! * DEGREES, east: region[2]! * DEGREES, north: region[3]! * DEGREES, low: region[4]!, high: region[5]!, transform: node.transform })
    }
    node?.children?.forEach(walk)
  }
  walk((tileset as { root?: TileNode } | null)?.root)
  return found
}

interface View { byteOffset: number; byteLength: number }
interface Accessor { bufferView: number; count: number; componentType: number }
interface Table { count: number; properties: Record<string, { values: number; stringOffsets?: number }> }
interface Gltf {
  bufferViews: View[]; accessors?: Accessor[]; meshes?: { primitives: { attributes: Record<string, number>; indices: number }[] }[]
  extensions: { EXT_structural_metadata: { schema?: { classes: Record<string, { properties: Record<string, { componentType?: string }> }> }; propertyTables: Table[] } }
}
const MAGIC = 0x46546c67
const SHORT = 5123

const A = 6_378_137
const E2 = 0.00669437999014

/**
 * From metres east, up and south on the plane that touches the earth at a tile's middle to metres of the web's map there: meridians and parallels
 * are of another length than its sphere's, the earth falls away from the plane, and the map grows towards the poles. To the second order: two
 * centimetres at five kilometres.
 */
export function ontoMap(position: Float32Array, transform: readonly number[]): void {
  const lat = Math.atan2(transform[14]!, Math.hypot(transform[12]!, transform[13]!) * (1 - E2))
  const bent = 1 - E2 * Math.sin(lat) ** 2
  const [across, along] = [A / Math.sqrt(bent), (A * (1 - E2)) / bent ** 1.5]
  const tan = Math.tan(lat)
  for (let i = 0; i < position.length; i += 3) {
    const [east, north] = [position[i]!, -position[i + 2]!]
    const dlat = north / along - (tan * east * east) / (2 * across * along)
    position[i] = (A / across) * (east + (east * north * tan) / along)
    position[i + 1]! += (east * east) / (2 * across) + (north * north) / (2 * along)
    position[i + 2] = -A * (dlat + (dlat * dlat * tan) / 2)
  }
}

/** One tile, laid onto the map if `transform` says where its middle is; null for what is not such a file. */
export function readGlb(buffer: ArrayBuffer, transform?: readonly number[]): Mesh | null {
  const head = new DataView(buffer)
  if (buffer.byteLength < 28 || head.getUint32(0, true) !== MAGIC) return null
  const size = head.getUint32(12, true)
  const gltf = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 20, size))) as Gltf
  const start = 20 + size + 8
  const view = (n: number): [number, number] => [start + gltf.bufferViews[n]!.byteOffset, gltf.bufferViews[n]!.byteLength]
  const primitive = gltf.meshes?.[0]?.primitives[0]
  const accessor = (name: number): Accessor => gltf.accessors![name]!
  const at = (name: number): number => view(accessor(name).bufferView)[0]
  const { POSITION: place, COLOR_0: tint, _FEATURE_ID_0: owner } = (primitive?.attributes ?? {}) as { POSITION: number; COLOR_0: number; _FEATURE_ID_0: number }
  const corners = primitive ? accessor(place).count : 0
  const index = primitive && accessor(primitive.indices)
  const feature = primitive ? new Float32Array(buffer, at(owner), corners) : new Float32Array()
  const position = primitive ? new Float32Array(buffer, at(place), corners * 3).slice() : new Float32Array()
  const ground = numbersOf(gltf, buffer, view, 'ground_m')
  if (ground?.some((one) => one !== 0)) { // the map is flat: each building is let down from its ground onto it
    for (let n = 0; n < corners; n++) position[n * 3 + 1]! -= ground[feature[n]!] ?? 0
  }
  if (transform) ontoMap(position, transform)
  let entities: Entity[] | null = null // names are read when they are first asked for: drawing does without
  return {
    position, colour: primitive ? new Uint8Array(buffer, at(tint), corners * 4) : new Uint8Array(), feature,
    index: !primitive || !index ? new Uint16Array() : index.componentType === SHORT ? new Uint16Array(buffer, at(primitive.indices), index.count) : new Uint32Array(buffer, at(primitive.indices), index.count),
    get entities() { return (entities ??= entitiesOf(gltf, buffer, view)) },
  }
}

function entitiesOf(gltf: Gltf, buffer: ArrayBuffer, view: (n: number) => [number, number]): Entity[] {
  const table = gltf.extensions.EXT_structural_metadata.propertyTables[0]!
  const text = new TextDecoder()
  const strings = (name: string): string[] => {
    const { values, stringOffsets } = table.properties[name]!
    const ends = new Uint32Array(buffer.slice(...span(view(stringOffsets!))))
    const [from] = view(values)
    return Array.from({ length: table.count }, (_, n) => text.decode(new Uint8Array(buffer, from + ends[n]!, ends[n + 1]! - ends[n]!)))
  }
  const height = new Float32Array(buffer.slice(...span(view(table.properties['height_m']!.values))))
  const from = new Uint8Array(buffer, view(table.properties['height_from']!.values)[0], table.count)
  const kinds = strings('kind')
  const floors = numbersOf(gltf, buffer, view, 'floors')
  const floorsFrom = numbersOf(gltf, buffer, view, 'floors_from')
  const ground = numbersOf(gltf, buffer, view, 'ground_m')
  return strings('id').map((id, n) => ({ id, kind: kinds[n]!, height: height[n]!, from: from[n]!, floors: floors?.[n] || null, floorsFrom: floorsFrom?.[n] ?? 2, ground: ground?.[n] ?? 0 }))
}
/** A column that not every build of a scene has. */
function numbersOf(gltf: Gltf, buffer: ArrayBuffer, view: (n: number) => [number, number], name: string): Float32Array | Uint16Array | Uint8Array | null {
  const column = gltf.extensions.EXT_structural_metadata.propertyTables[0]!.properties[name]
  const kind = gltf.extensions.EXT_structural_metadata.schema?.classes['entity']?.properties[name]?.componentType
  if (!column) return null
  const bytes = buffer.slice(...span(view(column.values)))
  return kind === 'UINT16' ? new Uint16Array(bytes) : !kind || kind === 'UINT8' ? new Uint8Array(bytes) : new Float32Array(bytes)
}
const span = ([from, length]: [number, number]): [number, number] => [from, from + length]

export interface Place { low: number; high: number; lon: number; lat: number }
const M_PER_DEGREE = (A * Math.PI) / 180

/** Where an object of a tile stands: its middle, and between which heights (metres of the tile); null for one without corners. */
export function placeOf(mesh: Mesh, leaf: Leaf, number: number): Place | null {
  const { feature, position } = mesh
  const [least, most] = [[Infinity, Infinity, Infinity], [-Infinity, -Infinity, -Infinity]]
  for (let i = 0; i < feature.length; i++) {
    if (feature[i] !== number) continue
    for (let k = 0; k < 3; k++) { least[k] = Math.min(least[k]!, position[i * 3 + k]!); most[k] = Math.max(most[k]!, position[i * 3 + k]!) }
  }
  if (!(most[1]! > least[1]!)) return null
  const [x, y, z] = [leaf.transform[12]!, leaf.transform[13]!, leaf.transform[14]!]
  const [lon, lat] = [Math.atan2(y, x) * DEGREES, Math.atan2(z, Math.hypot(x, y) * (1 - E2)) * DEGREES]
  const [east, north] = [(least[0]! + most[0]!) / 2, -(least[2]! + most[2]!) / 2]
  return { low: least[1]!, high: most[1]!, lon: lon + east / M_PER_DEGREE / Math.cos(lat / DEGREES), lat: lat + north / M_PER_DEGREE }
}
