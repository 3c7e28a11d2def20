// The buildings near the camera, drawn from the scene's tiles in the map's own picture; far away the map's extrusions stand for them.
import type { CustomLayerInterface, CustomRenderMethodInput, Map as MapType } from 'maplibre-gl'
import { getTile } from '../lib/city'
import { readGlb, type Entity, type Leaf } from './glb'

const MOST_TILES = 120 // held at once; the least recently seen go first
const NEAR_ZOOM = 14.5
const AT_ONCE = 6
const A = 6_378_137
const E2 = 0.00669437999014
const RAD = Math.PI / 180

const VERTEX = `#version 300 es
uniform mat4 u_matrix; uniform float u_chosen; uniform float u_slot;
in vec3 a_place; in vec4 a_colour; in float a_feature;
out vec3 v_place; out vec4 v_colour; flat out vec4 v_name;
void main() {
  vec3 place = vec3(a_place.x, -a_place.z, a_place.y);
  gl_Position = u_matrix * vec4(place, 1.0);
  v_place = place;
  v_colour = abs(a_feature - u_chosen) < 0.5 ? vec4(0.93, 0.42, 0.1, 1.0) : a_colour;
  v_name = vec4(mod(a_feature, 256.0) / 255.0, floor(a_feature / 256.0) / 255.0, u_slot / 255.0, 1.0);
}`
const FRAGMENT = `#version 300 es
precision highp float;
uniform bool u_naming; uniform vec3 u_sun;
in vec3 v_place; in vec4 v_colour; flat in vec4 v_name;
out vec4 o_colour;
void main() {
  if (u_naming) { o_colour = v_name; return; }
  vec3 normal = normalize(cross(dFdx(v_place), dFdy(v_place)));
  if (abs(normal.z) < 0.0001 && dot(normal, normal) < 0.5) normal = vec3(0.0, 0.0, 1.0);
  float light = 0.62 + 0.38 * abs(dot(normal, u_sun));
  o_colour = vec4(v_colour.rgb * light, 1.0);
}`

interface Drawn { leaf: Leaf; slot: number; count: number; wide: number; array: WebGLVertexArrayObject; buffers: WebGLBuffer[]; entities: Entity[]; model: Float64Array; seen: number }
export interface Picked { entity: Entity; leaf: Leaf }

/** Longitude, latitude (degrees) and height of a point of the earth's own axes (Bowring 1976). */
export function geodetic(x: number, y: number, z: number): [number, number, number] {
  const b = A * Math.sqrt(1 - E2)
  const p = Math.hypot(x, y)
  const angle = Math.atan2(z * A, p * b)
  const lat = Math.atan2(z + ((A * A - b * b) / b) * Math.sin(angle) ** 3, p - E2 * A * Math.cos(angle) ** 3)
  return [Math.atan2(y, x) / RAD, lat / RAD, p / Math.cos(lat) - A / Math.sqrt(1 - E2 * Math.sin(lat) ** 2)]
}

/** From metres east, north, up about a tile's middle to the square of the web's map. */
export function modelOf(transform: readonly number[]): Float64Array {
  const [lon, lat, height] = geodetic(transform[12]!, transform[13]!, transform[14]!)
  const scale = 1 / (2 * Math.PI * A * Math.cos(lat * RAD))
  const x = lon / 360 + 0.5
  const y = 0.5 - Math.log(Math.tan(Math.PI / 4 + (lat * RAD) / 2)) / (2 * Math.PI)
  return new Float64Array([scale, 0, 0, 0, 0, -scale, 0, 0, 0, 0, scale, 0, x, y, height * scale, 1])
}

export function multiply(a: ArrayLike<number>, b: ArrayLike<number>): Float32Array {
  const found = new Float32Array(16)
  for (let column = 0; column < 4; column++) for (let row = 0; row < 4; row++) {
    let sum = 0
    for (let k = 0; k < 4; k++) sum += a[k * 4 + row]! * b[column * 4 + k]!
    found[column * 4 + row] = sum
  }
  return found
}

export class SceneLayer implements CustomLayerInterface {
  readonly id = 'scene'
  readonly type = 'custom'
  readonly renderingMode = '3d'
  readonly leaves: Leaf[]
  chosen = ''
  loaded = 0
  wanted = 0
  bytes = 0
  /** Told whenever tiles have come or the view has changed. */
  changed: () => void = () => undefined
  #version: string
  #map: MapType | null = null
  #gl: WebGL2RenderingContext | null = null
  #program: WebGLProgram | null = null
  #tiles = new Map<string, Drawn>()
  #asked = new Set<string>()
  #failed = new Set<string>()
  #free: number[] = []
  #frame = 0
  #picks: { x: number; y: number; tell: (found: Picked | null) => void }[] = []

  constructor(leaves: Leaf[], version: string) {
    this.leaves = leaves
    this.#version = version
    this.#free = Array.from({ length: 255 }, (_, n) => 255 - n)
  }

  onAdd(map: MapType, gl: WebGLRenderingContext | WebGL2RenderingContext): void {
    this.#map = map
    this.#gl = gl as WebGL2RenderingContext
    this.#program = compile(this.#gl)
    map.on('moveend', this.look)
    this.look()
  }

  onRemove(): void {
    this.#map?.off('moveend', this.look)
    for (const name of [...this.#tiles.keys()]) this.#drop(name)
    if (this.#program) this.#gl?.deleteProgram(this.#program)
    for (const pick of this.#picks.splice(0)) pick.tell(null)
    this.#map = this.#gl = this.#program = null
  }

  /** The buildings that are loaded and lie in view, with where they are. */
  inView(): { entity: Entity; leaf: Leaf }[] {
    return this.#visible().flatMap((leaf) => (this.#tiles.get(leaf.name)?.entities ?? []).map((entity) => ({ entity, leaf })))
  }

  /** What is drawn at a pixel of the map. */
  pick(x: number, y: number): Promise<Picked | null> {
    if (!this.#map || !this.#gl) return Promise.resolve(null)
    return new Promise((tell) => { this.#picks.push({ x, y, tell }); this.#map?.triggerRepaint() })
  }

  /** Asks for the tiles in view that are not here, and lets go of those not seen for longest. */
  look = (): void => {
    const map = this.#map
    if (!map) return
    const visible = this.#visible()
    const near = map.getCenter()
    const away = (one: Leaf): number => Math.hypot((one.west + one.east) / 2 - near.lng, (one.south + one.north) / 2 - near.lat)
    for (const leaf of visible) { const tile = this.#tiles.get(leaf.name); if (tile) tile.seen = ++this.#frame }
    this.wanted = Math.min(visible.length, MOST_TILES)
    this.loaded = visible.filter((one) => this.#tiles.has(one.name) || this.#failed.has(one.name)).length
    const next = visible.filter((one) => !this.#tiles.has(one.name) && !this.#asked.has(one.name) && !this.#failed.has(one.name)).sort((a, b) => away(a) - away(b)).slice(0, Math.max(0, AT_ONCE - this.#asked.size))
    for (const leaf of next) void this.#load(leaf)
    // the map's own blocks stay until every tile in view is here, so that no frame is bare
    if (map.getLayer('scene-far')) map.setLayoutProperty('scene-far', 'visibility', map.getZoom() >= NEAR_ZOOM && this.loaded >= this.wanted && this.wanted > 0 ? 'none' : 'visible')
    this.changed()
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
      const mesh = readGlb(buffer)
      this.bytes += buffer.byteLength
      if (mesh && this.#gl && this.#program) {
        while (this.#tiles.size >= MOST_TILES || !this.#free.length) this.#drop([...this.#tiles.values()].sort((a, b) => a.seen - b.seen)[0]!.leaf.name)
        this.#tiles.set(leaf.name, { leaf, slot: this.#free.pop()!, entities: mesh.entities, model: modelOf(leaf.transform), seen: ++this.#frame, ...upload(this.#gl, this.#program, mesh) })
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
    this.#tiles.delete(name)
  }

  render(gl: WebGLRenderingContext | WebGL2RenderingContext, input: CustomRenderMethodInput): void {
    const web = gl as WebGL2RenderingContext
    if (!this.#program || !this.#map || this.#map.getZoom() < NEAR_ZOOM - 0.5) { for (const one of this.#picks.splice(0)) one.tell(null); return }
    const view = input.defaultProjectionData.mainMatrix as unknown as ArrayLike<number>
    const held = web.getParameter(web.FRAMEBUFFER_BINDING) as WebGLFramebuffer | null
    const port = web.getParameter(web.VIEWPORT) as Int32Array
    web.useProgram(this.#program)
    web.enable(web.DEPTH_TEST)
    web.depthMask(true)
    web.depthFunc(web.LEQUAL)
    web.disable(web.CULL_FACE)
    web.disable(web.STENCIL_TEST)
    web.disable(web.BLEND)
    this.#draw(web, view, false)
    const picks = this.#picks.splice(0)
    if (picks.length) {
      const ratio = web.drawingBufferWidth / this.#map.getCanvas().clientWidth
      const target = makeTarget(web)
      for (const pick of picks) pick.tell(this.#name(web, view, Math.floor(pick.x * ratio), Math.floor(pick.y * ratio)))
      web.bindFramebuffer(web.FRAMEBUFFER, held)
      web.viewport(port[0]!, port[1]!, port[2]!, port[3]!)
      target()
    }
    web.bindVertexArray(null)
  }

  #draw(gl: WebGL2RenderingContext, view: ArrayLike<number>, naming: boolean): void {
    const at = (name: string): WebGLUniformLocation | null => gl.getUniformLocation(this.#program!, name)
    gl.uniform1i(at('u_naming'), naming ? 1 : 0)
    gl.uniform3f(at('u_sun'), 0.48, -0.36, 0.8)
    const visible = new Set(this.#visible().map((one) => one.name))
    for (const tile of this.#tiles.values()) {
      if (!visible.has(tile.leaf.name)) continue
      gl.uniformMatrix4fv(at('u_matrix'), false, multiply(view, tile.model))
      gl.uniform1f(at('u_slot'), tile.slot)
      gl.uniform1f(at('u_chosen'), this.chosen ? tile.entities.findIndex((one) => one.id === this.chosen) : -1)
      gl.bindVertexArray(tile.array)
      gl.drawElements(gl.TRIANGLES, tile.count, tile.wide === 2 ? gl.UNSIGNED_SHORT : gl.UNSIGNED_INT, 0)
    }
  }

  /** Draws names in place of colours into one pixel, and reads it. */
  #name(gl: WebGL2RenderingContext, view: ArrayLike<number>, x: number, y: number): Picked | null {
    gl.viewport(-x, -(gl.drawingBufferHeight - 1 - y), gl.drawingBufferWidth, gl.drawingBufferHeight)
    gl.clearColor(0, 0, 0, 0)
    gl.clearDepth(1)
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT)
    this.#draw(gl, view, true)
    const pixel = new Uint8Array(4)
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel)
    if (!pixel[3]) return null
    const tile = [...this.#tiles.values()].find((one) => one.slot === pixel[2])
    const entity = tile?.entities[pixel[0]! + 256 * pixel[1]!]
    return tile && entity ? { entity, leaf: tile.leaf } : null
  }
}

function makeTarget(gl: WebGL2RenderingContext): () => void {
  const frame = gl.createFramebuffer()
  const [colour, depth] = [gl.createRenderbuffer(), gl.createRenderbuffer()]
  gl.bindFramebuffer(gl.FRAMEBUFFER, frame)
  gl.bindRenderbuffer(gl.RENDERBUFFER, colour)
  gl.renderbufferStorage(gl.RENDERBUFFER, gl.RGBA8, 1, 1)
  gl.framebufferRenderbuffer(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.RENDERBUFFER, colour)
  gl.bindRenderbuffer(gl.RENDERBUFFER, depth)
  gl.renderbufferStorage(gl.RENDERBUFFER, gl.DEPTH_COMPONENT24, 1, 1)
  gl.framebufferRenderbuffer(gl.FRAMEBUFFER, gl.DEPTH_ATTACHMENT, gl.RENDERBUFFER, depth)
  return () => { gl.deleteFramebuffer(frame); gl.deleteRenderbuffer(colour); gl.deleteRenderbuffer(depth) }
}

function compile(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram()
  for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]] as const) {
    const shader = gl.createShader(kind)!
    gl.shaderSource(shader, text)
    gl.compileShader(shader)
    gl.attachShader(program, shader)
    gl.deleteShader(shader)
  }
  gl.linkProgram(program)
  return program
}

function upload(gl: WebGL2RenderingContext, program: WebGLProgram, mesh: NonNullable<ReturnType<typeof readGlb>>): { array: WebGLVertexArrayObject; buffers: WebGLBuffer[]; count: number; wide: number } {
  const array = gl.createVertexArray()
  gl.bindVertexArray(array)
  const buffers: WebGLBuffer[] = []
  const fill = (target: number, data: ArrayBufferView<ArrayBuffer>): void => {
    const buffer = gl.createBuffer()
    gl.bindBuffer(target, buffer)
    gl.bufferData(target, data, gl.STATIC_DRAW)
    buffers.push(buffer)
  }
  for (const [name, data, size, kind] of [['a_place', mesh.position, 3, gl.FLOAT], ['a_colour', mesh.colour, 4, gl.UNSIGNED_BYTE], ['a_feature', mesh.feature, 1, gl.FLOAT]] as const) {
    fill(gl.ARRAY_BUFFER, data as ArrayBufferView<ArrayBuffer>)
    const at = gl.getAttribLocation(program, name)
    if (at < 0) continue
    gl.enableVertexAttribArray(at)
    gl.vertexAttribPointer(at, size, kind, kind === gl.UNSIGNED_BYTE, 0, 0)
  }
  fill(gl.ELEMENT_ARRAY_BUFFER, mesh.index as ArrayBufferView<ArrayBuffer>)
  gl.bindVertexArray(null)
  return { array, buffers, count: mesh.index.length, wide: mesh.index.BYTES_PER_ELEMENT }
}
