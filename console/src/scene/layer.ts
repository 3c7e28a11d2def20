// The buildings near the camera, drawn from the scene's tiles in the map's own picture; far away the map's extrusions stand for them.
import type { CustomLayerInterface, CustomRenderMethodInput, Map as MapType } from 'maplibre-gl'
import { getTile } from '../lib/city'
import { placeOf, readGlb, type Entity, type Leaf, type Mesh, type Place } from './glb'
import { readPixels } from './picking'
import { compile, modelOf, multiply, upload, type Program, type Uploaded } from './shader'

const MOST_TILES = 96 // held at once; the least recently seen go first
const MOST_BYTES = 64_000_000
const SLOTS = 255
const NEAR_ZOOM = 14.5
const AT_ONCE = 8

interface Drawn extends Uploaded { leaf: Leaf; slot: number; mesh: Mesh; model: Float64Array; seen: number; box: Float64Array }
export interface Picked { entity: Entity; leaf: Leaf }
export interface Cut { low: number; high: number }

/** The corners of a tile's box in the square of the web's map, for what lies outside of a picture. */
function cornersOf(mesh: Mesh, model: Float64Array): Float64Array {
  const [low, high] = [[Infinity, Infinity, Infinity], [-Infinity, -Infinity, -Infinity]]
  for (let i = 0; i < mesh.position.length; i += 3) {
    const place = [mesh.position[i]!, -mesh.position[i + 2]!, mesh.position[i + 1]!]
    for (let k = 0; k < 3; k++) { low[k] = Math.min(low[k]!, place[k]!); high[k] = Math.max(high[k]!, place[k]!) }
  }
  const found = new Float64Array(24)
  for (let n = 0; n < 8; n++) for (let k = 0; k < 3; k++) found[n * 3 + k] = (((n >> k) & 1 ? high[k]! : low[k]!) * model[k * 5]!) + model[12 + k]!
  return found
}

export class SceneLayer implements CustomLayerInterface {
  readonly id = 'scene'
  readonly type = 'custom'
  readonly renderingMode = '3d'
  readonly leaves: Leaf[]
  /** Which object is drawn as chosen, and between which heights (metres of its tile) it is left standing. */
  chosen = ''
  cut: Cut | null = null
  loaded = 0
  wanted = 0
  bytes = 0
  /** Frames drawn near by, and those of them in which some tile in view was neither here nor stood for by a block. */
  frames = 0
  bare = 0
  /** Told whenever tiles have come or the view has changed. */
  changed: () => void = () => undefined
  #version: string
  #map: MapType | null = null
  #gl: WebGL2RenderingContext | null = null
  #program: Program | null = null
  #tiles = new Map<string, Drawn>()
  #asked = new Set<string>()
  #failed = new Set<string>()
  #free: number[] = []
  #held = 0
  #frame = 0
  #view: ArrayLike<number> | null = null
  #far = true

  constructor(leaves: Leaf[], version: string) {
    this.leaves = leaves
    this.#version = version
    this.#free = Array.from({ length: SLOTS }, (_, n) => SLOTS - n)
  }

  onAdd(map: MapType, gl: WebGLRenderingContext | WebGL2RenderingContext): void {
    this.#map = map
    this.#gl = gl as WebGL2RenderingContext
    this.#program = compile(this.#gl)
    this.#far = true
    map.on('move', this.look)
    map.on('moveend', this.look)
    this.look()
  }

  onRemove(): void {
    this.#map?.off('move', this.look)
    this.#map?.off('moveend', this.look)
    for (const name of [...this.#tiles.keys()]) this.#drop(name)
    if (this.#program) this.#gl?.deleteProgram(this.#program.program)
    this.#map = this.#gl = this.#program = this.#view = null
  }

  /** How much is held: tiles, and their bytes on the graphics card. */
  get held(): { tiles: number; bytes: number } {
    return { tiles: this.#tiles.size, bytes: this.#held }
  }

  /** The buildings that are loaded and lie in view, with where they are. */
  inView(): Picked[] {
    return this.#visible().flatMap((leaf) => (this.#tiles.get(leaf.name)?.mesh.entities ?? []).map((entity) => ({ entity, leaf })))
  }

  /** Where an object that is held stands. */
  placed(found: Picked): Place | null {
    const mesh = this.#tiles.get(found.leaf.name)?.mesh
    return mesh ? placeOf(mesh, found.leaf, mesh.entities.findIndex((one) => one.id === found.entity.id)) : null
  }

  /** What is drawn at pixels of the map, as it was last drawn; the map need not be drawn again for it. */
  pick(points: readonly (readonly [number, number])[]): (Picked | null)[] {
    const [gl, view, program] = [this.#gl, this.#view, this.#program]
    if (!gl || !view || !program || !this.#map) return points.map(() => null)
    const ratio = gl.drawingBufferWidth / this.#map.getCanvas().clientWidth
    const pixels = points.map(([x, y]) => [Math.floor(x * ratio), Math.floor(y * ratio)] as const)
    const tiles = [...this.#tiles.values()].map((tile) => ({ tile, box: boxOf(tile.box, view, gl.drawingBufferWidth, gl.drawingBufferHeight) }))
    const colours = readPixels(gl, pixels, (x, y) => {
      const under = tiles.filter(({ box }) => !box || (x >= box[0] - 1 && x <= box[2] + 1 && y >= box[1] - 1 && y <= box[3] + 1)).map((one) => one.tile)
      this.#draw(gl, program, view, under, true)
    })
    return colours.map((pixel) => {
      const tile = pixel[3] ? [...this.#tiles.values()].find((one) => one.slot === pixel[2]) : undefined
      const entity = tile?.mesh.entities[pixel[0]! + 256 * pixel[1]!]
      return tile && entity ? { entity, leaf: tile.leaf } : null
    })
  }

  /** Asks for the tiles in view that are not here, and lets go of those not seen for longest. */
  look = (): void => {
    const map = this.#map
    if (!map) return
    const visible = this.#visible()
    const near = map.getCenter()
    const away = (one: Leaf): number => Math.hypot((one.west + one.east) / 2 - near.lng, (one.south + one.north) / 2 - near.lat)
    for (const leaf of visible) { const tile = this.#tiles.get(leaf.name); if (tile) tile.seen = ++this.#frame }
    const here = visible.filter((one) => this.#tiles.has(one.name) || this.#failed.has(one.name)).length
    this.wanted = Math.min(visible.length, MOST_TILES)
    this.loaded = Math.min(here, this.wanted)
    const room = Math.max(0, Math.min(AT_ONCE - this.#asked.size, this.wanted - here))
    const next = room ? visible.filter((one) => !this.#tiles.has(one.name) && !this.#asked.has(one.name) && !this.#failed.has(one.name)).sort((a, b) => away(a) - away(b)).slice(0, room) : []
    for (const leaf of next) void this.#load(leaf)
    // the map's own blocks stay until every tile in view is here, so that no frame is bare
    this.#showFar(!(map.getZoom() >= NEAR_ZOOM && visible.length > 0 && here === visible.length))
    this.changed()
  }

  #showFar(on: boolean): void {
    if (on === this.#far || !this.#map?.getLayer('scene-far')) return
    this.#far = on
    this.#map.setPaintProperty('scene-far', 'fill-extrusion-opacity', on ? 1 : 0) // not its visibility: that would make its tiles anew
  }

  #visible(): Leaf[] {
    const map = this.#map
    if (!map || map.getZoom() < NEAR_ZOOM) return []
    const bounds = map.getBounds()
    const [west, south, east, north] = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()]
    return this.leaves.filter((one) => one.east >= west && one.west <= east && one.north >= south && one.south <= north)
  }

  async #load(leaf: Leaf): Promise<void> {
    this.#asked.add(leaf.name)
    try {
      const buffer = await getTile(leaf.name, this.#version)
      const mesh = readGlb(buffer, leaf.transform)
      this.bytes += buffer.byteLength
      if (mesh && this.#gl && this.#program) {
        while (this.#tiles.size >= MOST_TILES || (this.#held > MOST_BYTES && this.#tiles.size > 1)) this.#drop([...this.#tiles.values()].reduce((a, b) => (a.seen < b.seen ? a : b)).leaf.name)
        const model = modelOf(leaf.transform)
        const sent = upload(this.#gl, mesh)
        this.#held += sent.bytes
        this.#tiles.set(leaf.name, { leaf, slot: this.#free.pop()!, mesh, model, seen: ++this.#frame, box: cornersOf(mesh, model), ...sent })
      } else if (!mesh) this.#failed.add(leaf.name)
    } catch {
      this.#failed.add(leaf.name) // what cannot be had leaves the map's own blocks in its place
    } finally {
      this.#asked.delete(leaf.name)
      this.look()
      this.#map?.triggerRepaint()
    }
  }

  #drop(name: string): void {
    const tile = this.#tiles.get(name)
    if (!tile) return
    this.#gl?.deleteVertexArray(tile.array)
    for (const buffer of tile.buffers) this.#gl?.deleteBuffer(buffer)
    this.#free.push(tile.slot)
    this.#held -= tile.bytes
    this.#tiles.delete(name)
  }

  render(gl: WebGLRenderingContext | WebGL2RenderingContext, input: CustomRenderMethodInput): void {
    const web = gl as WebGL2RenderingContext
    if (!this.#program || !this.#map) return
    this.#view = Float64Array.from(input.defaultProjectionData.mainMatrix as unknown as ArrayLike<number>)
    if (this.#map.getZoom() < NEAR_ZOOM - 0.5) return
    web.enable(web.DEPTH_TEST)
    web.depthMask(true)
    web.depthFunc(web.LEQUAL)
    web.disable(web.CULL_FACE)
    web.disable(web.STENCIL_TEST)
    web.disable(web.BLEND)
    web.enable(web.POLYGON_OFFSET_FILL)
    web.polygonOffset(-1, -2) // before the block that stands for it
    const visible = this.#visible()
    this.#draw(web, this.#program, this.#view, visible.flatMap((one) => this.#tiles.get(one.name) ?? []), false)
    web.disable(web.POLYGON_OFFSET_FILL)
    web.bindVertexArray(null)
    this.frames++
    if (!this.#far && visible.some((one) => !this.#tiles.has(one.name) && !this.#failed.has(one.name))) this.bare++
  }

  #draw(gl: WebGL2RenderingContext, { program, at }: Program, view: ArrayLike<number>, tiles: readonly Drawn[], naming: boolean): void {
    gl.useProgram(program)
    gl.uniform1i(at.u_naming, naming ? 1 : 0)
    gl.uniform3f(at.u_sun, 0.48, -0.36, 0.8)
    gl.uniform2f(at.u_cut, this.cut?.low ?? 0, this.cut?.high ?? 0)
    for (const tile of tiles) {
      const chosen = this.chosen ? tile.mesh.entities.findIndex((one) => one.id === this.chosen) : -1
      gl.uniformMatrix4fv(at.u_matrix, false, multiply(view, tile.model))
      gl.uniform1f(at.u_slot, tile.slot)
      gl.uniform1f(at.u_chosen, chosen)
      gl.bindVertexArray(tile.array)
      for (const part of chosen >= 0 && this.cut ? [1, 2] : [0]) {
        gl.uniform1i(at.u_part, part)
        gl.drawElements(gl.TRIANGLES, tile.count, tile.wide === 2 ? gl.UNSIGNED_SHORT : gl.UNSIGNED_INT, 0)
      }
    }
  }
}

/** West, top, east, bottom of a box in pixels of the picture; null where some corner lies behind the camera. */
function boxOf(corners: Float64Array, view: ArrayLike<number>, wide: number, high: number): [number, number, number, number] | null {
  const found: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity]
  for (let n = 0; n < 8; n++) {
    const [x, y, z] = [corners[n * 3]!, corners[n * 3 + 1]!, corners[n * 3 + 2]!]
    const put = (row: number): number => view[row]! * x + view[4 + row]! * y + view[8 + row]! * z + view[12 + row]!
    const w = put(3)
    if (w <= 0) return null
    const [px, py] = [(put(0) / w / 2 + 0.5) * wide, (0.5 - put(1) / w / 2) * high]
    found[0] = Math.min(found[0], px); found[1] = Math.min(found[1], py); found[2] = Math.max(found[2], px); found[3] = Math.max(found[3], py)
  }
  return found
}
