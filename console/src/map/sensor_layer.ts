// Draws the latest of a layer in the map's own picture: few sensors as points, very many as one picture that is made in memory.
import type { CustomLayerInterface, CustomRenderMethodInput, Map as MapType } from 'maplibre-gl'
import { metresPerPixel } from './measure'
import { blended, look, paint, RIM, seenOf, type Seen } from './sensor_picture'
import { colour, HEADER, unpackSensors, type Coloured, type Sensors } from './sensors'

const ID = 'sensors'
const MANY = 5_000 // more than that are plain dots; with so many in sight they are one picture
const RADIUS_M = 60
const RAD = Math.PI / 180

const VERTEX = `#version 300 es
uniform mat4 u_matrix; uniform float u_wide;
layout(location = 0) in vec2 a_place; layout(location = 1) in vec4 a_colour;
out vec4 v_colour;
void main() { gl_Position = u_matrix * vec4(a_place, 0.0, 1.0); gl_PointSize = u_wide; v_colour = a_colour; }`
const FRAGMENT = `#version 300 es
precision highp float; // as in the other half: a uniform of both that differs in it does not link, and nothing is drawn
uniform float u_wide; uniform float u_rim;
in vec4 v_colour;
out vec4 o_colour;
void main() {
  float away = length(gl_PointCoord - 0.5) * u_wide;
  float inside = clamp(u_wide * 0.5 - away, 0.0, 1.0);
  float rim = u_rim * clamp(away - (u_wide * 0.5 - 1.6), 0.0, 1.0);
  o_colour = mix(v_colour, vec4(1.0, 1.0, 1.0, 0.87), rim) * inside;
  o_colour.rgb *= mix(v_colour.a, 0.87, rim);
}`

// two triangles over the map and its rim
const PICTURE_VERTEX = `#version 300 es
uniform vec2 u_over; out vec2 v_at;
void main() { v_at = vec2(gl_VertexID & 1, gl_VertexID >> 1); gl_Position = vec4((v_at * 2.0 - 1.0) * u_over, 0.0, 1.0); }`
const PICTURE_FRAGMENT = `#version 300 es
precision mediump float;
uniform sampler2D u_picture; in vec2 v_at; out vec4 o_colour;
void main() { o_colour = texture(u_picture, v_at); }`

/** What is to be drawn: a colour of four bytes for each sensor, and which comes before which. */
export interface Shown extends Coloured { sensors: Sensors }

/** Where the sensors lie in the square of the web's map, from `middle` on: near it a float is exact to a centimetre. In the order of drawing. */
export function placesOf({ sensors, colours, order }: Shown): { middle: [number, number]; at: Float32Array<ArrayBuffer>; colours: Uint8Array<ArrayBuffer> } {
  const middle: [number, number] = sensors.length ? [sensors.at[0]! / 360 + 0.5, mercatorY(sensors.at[1]!)] : [0, 0]
  const at = new Float32Array(2 * sensors.length)
  const four = new Uint32Array(sensors.length)
  const given = new Uint32Array(colours.buffer)
  const north = northing(sensors)
  for (let i = 0; i < sensors.length; i++) {
    const row = order[i]!
    at[2 * i] = sensors.at[2 * row]! / 360 + 0.5 - middle[0]
    at[2 * i + 1] = north(sensors.at[2 * row + 1]!) - middle[1]
    four[i] = given[row]!
  }
  return { middle, at, colours: new Uint8Array(four.buffer) }
}

const TRIED = 12_000
/** What draws very many sensors is run in an idle moment on some of none's: a browser compiles what it has seen run. */
export function makeReady(then: () => void): void {
  window.requestIdleCallback?.(() => {
    then()
    const buffer = new ArrayBuffer(HEADER + 13 * TRIED)
    new DataView(buffer).setUint32(4, TRIED, true)
    new DataView(buffer).setFloat32(16, 1, true)
    const sensors = unpackSensors(buffer)
    const shown = { sensors, ...colour(sensors, [1, 2], 'high') }
    const { at, colours } = placesOf(shown)
    const seen = seenOf(TRIED)
    look([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], at, RIM, RIM, seen)
    paint(seen, blended(colours), 3, RIM, RIM, new Uint32Array((3 * RIM) ** 2))
  })
}

const RUNGS = 2048
/** The way of `mercatorY` between the most southern and the most northern of very many: on a ladder so fine that a city's is exact to a millimetre. */
function northing({ length, at }: Sensors): (lat: number) => number {
  let [south, north] = [90, -90]
  for (let i = 1; i < 2 * length; i += 2) {
    const lat = at[i]!
    if (lat < south) south = lat
    if (lat > north) north = lat
  }
  if (length < RUNGS || north - south > 2 || north === south) return mercatorY
  const each = (north - south) / RUNGS
  const ladder = Float64Array.from({ length: RUNGS + 2 }, (_, n) => mercatorY(south + n * each))
  return (lat) => {
    const place = (lat - south) / each
    const rung = Math.floor(place)
    return ladder[rung]! + (ladder[rung + 1]! - ladder[rung]!) * (place - rung)
  }
}

const mercatorY = (lat: number): number => 0.5 - Math.log(Math.tan(Math.PI / 4 + (lat * RAD) / 2)) / (2 * Math.PI)

export class SensorLayer implements CustomLayerInterface {
  readonly id = ID
  readonly type = 'custom'
  readonly renderingMode = '2d'
  #map: MapType
  #gl: WebGL2RenderingContext | null = null
  #points: WebGLProgram | null = null
  #picture: WebGLProgram | null = null
  #texture: WebGLTexture | null = null
  #array: WebGLVertexArrayObject | null = null
  #buffers: WebGLBuffer[] = []
  #held: Shown | null = null
  #places: ReturnType<typeof placesOf> | null = null
  #blended = new Uint32Array()
  #seen: Seen = seenOf(0)
  #pixels = new Uint32Array()
  #told: (() => void) | null = null

  constructor(map: MapType) {
    this.#map = map
    map.on('webglcontextrestored', this.#again)
  }

  /** `drawn` is told when they are in the picture. With none it is made ready: a program is built before it is wanted. */
  show(shown: Shown | null, drawn: () => void = () => undefined): void {
    this.#held = shown
    this.#told = drawn
    if (!this.#map.getLayer(ID)) this.#map.addLayer(this, ['base-road-name', 'names'].find((id) => this.#map.getLayer(id)))
    else this.#fill()
    // drawn at once: what is shown is in the very next picture of the page, not in the one after it
    if (shown && this.#gl && !this.#gl.isContextLost()) this.#map.redraw()
    else this.#map.triggerRepaint()
  }

  remove(): void {
    this.#map.off('webglcontextrestored', this.#again)
    if (this.#map.getLayer(ID)) this.#map.removeLayer(ID)
  }

  onAdd(_map: MapType, gl: WebGLRenderingContext | WebGL2RenderingContext): void {
    this.#gl = gl as WebGL2RenderingContext
    this.#points = compile(this.#gl, VERTEX, FRAGMENT)
    this.#picture = compile(this.#gl, PICTURE_VERTEX, PICTURE_FRAGMENT)
    this.#texture = this.#gl.createTexture()
    this.#array = this.#gl.createVertexArray()
    this.#buffers = [this.#gl.createBuffer(), this.#gl.createBuffer()]
    this.#fill()
  }

  onRemove(): void {
    const gl = this.#gl
    this.#buffers.forEach((one) => gl?.deleteBuffer(one))
    gl?.deleteTexture(this.#texture)
    gl?.deleteVertexArray(this.#array)
    gl?.deleteProgram(this.#points)
    gl?.deleteProgram(this.#picture)
    this.#buffers = []
    this.#pixels = new Uint32Array()
    this.#gl = this.#points = this.#picture = this.#texture = this.#array = null
  }

  render(gl: WebGLRenderingContext | WebGL2RenderingContext, input: CustomRenderMethodInput): void {
    const places = this.#places
    if (this.#points && places && this.#held?.sensors.length && gl === this.#gl) {
      const count = this.#held.sensors.length
      const many = count > MANY
      const [least, most] = many ? [1.2, 5] : [4, 9]
      const radius = Math.min(most, Math.max(least, RADIUS_M / metresPerPixel(this.#map.getZoom(), this.#map.getCenter().lat)))
      const view = moved(input.defaultProjectionData.mainMatrix as unknown as ArrayLike<number>, places.middle)
      if (!many) this.#drawPoints(view, count, 2 * radius + 1, 1)
      else {
        const { clientWidth: wide, clientHeight: high } = this.#map.getCanvas()
        look(view, places.at, wide, high, this.#seen)
        if (this.#seen.length > MANY) this.#drawPicture(wide, high, Math.round(2 * radius))
        else this.#drawPoints(view, this.#fillSeen(), 2 * radius, 0)
      }
    }
    this.#told?.()
    this.#told = null
  }

  #drawPoints(view: Float32Array, count: number, wide: number, rim: number): void {
    const [gl, program] = [this.#gl!, this.#points!]
    const at = (name: string): WebGLUniformLocation | null => gl.getUniformLocation(program, name)
    gl.useProgram(program)
    gl.bindVertexArray(this.#array)
    gl.uniformMatrix4fv(at('u_matrix'), false, view)
    gl.uniform1f(at('u_wide'), wide * window.devicePixelRatio)
    gl.uniform1f(at('u_rim'), rim)
    gl.drawArrays(gl.POINTS, 0, count)
    gl.bindVertexArray(null)
  }

  #drawPicture(wide: number, high: number, side: number): void {
    const [gl, program] = [this.#gl!, this.#picture!]
    const [across, up] = [wide + 2 * RIM, high + 2 * RIM]
    const anew = this.#pixels.length !== across * up
    if (anew) this.#pixels = new Uint32Array(across * up)
    paint(this.#seen, this.#blended, side, wide, high, this.#pixels)
    gl.activeTexture(gl.TEXTURE0)
    gl.bindTexture(gl.TEXTURE_2D, this.#texture)
    gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, false)
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false)
    const bytes = new Uint8Array(this.#pixels.buffer)
    if (anew) gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, across, up, 0, gl.RGBA, gl.UNSIGNED_BYTE, bytes)
    else gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, across, up, gl.RGBA, gl.UNSIGNED_BYTE, bytes)
    for (const filter of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, filter, gl.NEAREST)
    for (const wrap of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, wrap, gl.CLAMP_TO_EDGE)
    gl.useProgram(program)
    gl.bindVertexArray(null)
    gl.uniform1i(gl.getUniformLocation(program, 'u_picture'), 0)
    gl.uniform2f(gl.getUniformLocation(program, 'u_over'), across / wide, up / high)
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4)
  }

  #fill(): void {
    if (!this.#gl || !this.#held) return
    const places = (this.#places = placesOf(this.#held))
    if (this.#held.sensors.length <= MANY) return this.#load(places.at, places.colours)
    this.#blended = blended(places.colours)
    if (this.#seen.x.length < this.#held.sensors.length) this.#seen = seenOf(this.#held.sensors.length)
  }

  /** Only those in sight are handed over as points; says how many. */
  #fillSeen(): number {
    const [seen, places] = [this.#seen, this.#places!]
    const at = new Float32Array(2 * seen.length)
    const colours = new Uint8Array(4 * seen.length)
    for (let n = 0; n < seen.length; n++) {
      const row = seen.row[n]!
      at[2 * n] = places.at[2 * row]!
      at[2 * n + 1] = places.at[2 * row + 1]!
      for (let part = 0; part < 4; part++) colours[4 * n + part] = places.colours[4 * row + part]!
    }
    this.#load(at, colours)
    return seen.length
  }

  #load(at: Float32Array<ArrayBuffer>, colours: Uint8Array<ArrayBuffer>): void {
    const gl = this.#gl!
    gl.bindVertexArray(this.#array)
    const columns: [ArrayBufferView<ArrayBuffer>, number, number, boolean][] = [[at, 2, gl.FLOAT, false], [colours, 4, gl.UNSIGNED_BYTE, true]]
    columns.forEach(([values, size, type, shares], slot) => {
      gl.bindBuffer(gl.ARRAY_BUFFER, this.#buffers[slot]!)
      gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW)
      gl.enableVertexAttribArray(slot)
      gl.vertexAttribPointer(slot, size, type, shares, 0, 0)
    })
    gl.bindVertexArray(null)
  }

  #again = (): void => {
    this.#gl = null
    if (this.#map.getLayer(ID)) this.#map.removeLayer(ID)
    if (this.#held) this.show(this.#held)
  }
}

/** A view of the map that looks from `middle` on: reckoned in doubles, for a float forgets metres. */
function moved(view: ArrayLike<number>, [x, y]: [number, number]): Float32Array {
  const found = Float32Array.from(view)
  for (let row = 0; row < 4; row++) found[12 + row] = view[row]! * x + view[4 + row]! * y + view[12 + row]!
  return found
}

function compile(gl: WebGL2RenderingContext, vertex: string, fragment: string): WebGLProgram {
  const program = gl.createProgram()
  for (const [kind, text] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]] as const) {
    const shader = gl.createShader(kind)!
    gl.shaderSource(shader, text)
    gl.compileShader(shader)
    gl.attachShader(program, shader)
  }
  gl.linkProgram(program)
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) throw new Error(`sensors cannot be drawn: ${gl.getProgramInfoLog(program) ?? ''}`)
  return program
}
