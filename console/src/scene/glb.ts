// Reads the tiles that `twinward scene build` writes: glTF with the twin's ids (see citybase/scene/gltf.py), and the tree of them.
export interface Leaf { name: string; west: number; south: number; east: number; north: number; low: number; high: number; transform: number[] }
/** `ground`: where it stands, metres above the source's zero; `floors` 0: not known; `floorsFrom` 0: stated, 2: estimated. */
export interface Entity { id: string; kind: string; height: number; from: number; ground: number; floors: number; floorsFrom: number }
export interface Mesh { position: Float32Array; colour: Uint8Array; feature: Float32Array; index: Uint16Array | Uint32Array; entities: Entity[] }

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
  extensions: { EXT_structural_metadata: { propertyTables: Table[] } }
}
const MAGIC = 0x46546c67
const SHORT = 5123

/** One tile; null for what is not such a file. */
export function readGlb(buffer: ArrayBuffer): Mesh | null {
  const head = new DataView(buffer)
  if (buffer.byteLength < 28 || head.getUint32(0, true) !== MAGIC) return null
  const size = head.getUint32(12, true)
  const gltf = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 20, size))) as Gltf
  const start = 20 + size + 8
  const view = (n: number): [number, number] => [start + gltf.bufferViews[n]!.byteOffset, gltf.bufferViews[n]!.byteLength]
  const entities = entitiesOf(gltf, buffer, view)
  const primitive = gltf.meshes?.[0]?.primitives[0]
  const accessor = (name: number): Accessor => gltf.accessors![name]!
  if (!primitive) return { position: new Float32Array(), colour: new Uint8Array(), feature: new Float32Array(), index: new Uint16Array(), entities }
  const at = (name: number): number => view(accessor(name).bufferView)[0]
  const { POSITION: place, COLOR_0: tint, _FEATURE_ID_0: owner } = primitive.attributes as { POSITION: number; COLOR_0: number; _FEATURE_ID_0: number }
  const corners = accessor(place).count
  const index = accessor(primitive.indices)
  const feature = new Float32Array(buffer, at(owner), corners)
  const position = new Float32Array(buffer, at(place), corners * 3)
  // the map is flat: each building is let down from its ground onto it
  for (let n = 0; n < corners; n++) position[n * 3 + 1]! -= entities[feature[n]!]?.ground ?? 0
  return {
    position, colour: new Uint8Array(buffer, at(tint), corners * 4), feature,
    index: index.componentType === SHORT ? new Uint16Array(buffer, at(primitive.indices), index.count) : new Uint32Array(buffer, at(primitive.indices), index.count), entities,
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
  // a scene of an older build does not say these
  const told = <T extends ArrayLike<number>>(name: string, read: (at: ArrayBuffer) => T): T | null => { const held = table.properties[name]; return held ? read(buffer.slice(...span(view(held.values)))) : null }
  const ground = told('ground_m', (at) => new Float32Array(at))
  const floors = told('floors', (at) => new Uint16Array(at))
  const floorsFrom = told('floors_from', (at) => new Uint8Array(at))
  return strings('id').map((id, n) => ({ id, kind: kinds[n]!, height: height[n]!, from: from[n]!, ground: ground?.[n] ?? 0, floors: floors?.[n] ?? 0, floorsFrom: floorsFrom?.[n] ?? 2 }))
}
const span = ([from, length]: [number, number]): [number, number] => [from, from + length]
