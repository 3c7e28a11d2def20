// Draws the latest of a layer in the map's own picture: one buffer, one program, one call, however many sensors there are.
import type { CustomLayerInterface, CustomRenderMethodInput, Map as MapType } from 'maplibre-gl'
import { metresPerPixel } from './measure'
import type { Sensors } from './sensors'

const ID = 'sensors'
const MANY = 5_000 // more than that are drawn as plain dots
const RADIUS_M = 60
const RAD = Math.PI / 180

const VERTEX = `#version 300 es
uniform mat4 u_matrix; uniform float u_wide;
layout(location = 0) in vec2 a_place; layout(location = 1) in vec4 a_colour;
out vec4 v_colour;
void main() { gl_Position = u_matrix * vec4(a_place, 0.0, 1.0); gl_PointSize = u_wide; v_colour = a_colour; }`
const FRAGMENT = `#version 300 es
precision mediump float;
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

/** Where the sensors lie in the square of the web's map, from `middle` on: near it a float is exact to a centimetre. */
export function placesOf(sensors: Sensors): { middle: [number, number]; at: Float32Array } {
  const middle: [number, number] = sensors.length ? [sensors.at[0]! / 360 + 0.5, mercatorY(sensors.at[1]!)] : [0, 0]
  const at = new Float32Array(2 * sensors.length)
  for (let i = 0; i < sensors.length; i++) {
    at[2 * i] = sensors.at[2 * i]! / 360 + 0.5 - middle[0]
    at[2 * i + 1] = mercatorY(sensors.at[2 * i + 1]!) - middle[1]
  }
  return { middle, at }
}

const mercatorY = (lat: number): number => 0.5 - Math.log(Math.tan(Math.PI / 4 + (lat * RAD) / 2)) / (2 * Math.PI)

export class SensorLayer implements CustomLayerInterface {
  readonly id = ID
  readonly type = 'custom'
  readonly renderingMode = '2d'
  #map: MapType
  #gl: WebGL2RenderingContext | null = null
  #program: WebGLProgram | null = null
  #array: WebGLVertexArrayObject | null = null
  #buffers: WebGLBuffer[] = []
  #held: { sensors: Sensors; colours: Uint8Array } | null = null
  #middle: [number, number] = [0, 0]
  #told: (() => void) | null = null

  constructor(map: MapType) {
    this.#map = map
    map.on('webglcontextrestored', this.#again)
  }

  /** `drawn` is told when they are in the picture. With none it is made ready: a program is built before it is wanted. */
  show(sensors: Sensors | null, colours: Uint8Array, drawn: () => void = () => undefined): void {
    this.#held = sensors && { sensors, colours }
    this.#told = drawn
    if (!this.#map.getLayer(ID)) this.#map.addLayer(this, ['base-road-name', 'names'].find((id) => this.#map.getLayer(id)))
    else this.#fill()
    this.#map.triggerRepaint()
  }

  remove(): void {
    this.#map.off('webglcontextrestored', this.#again)
    if (this.#map.getLayer(ID)) this.#map.removeLayer(ID)
  }

  onAdd(_map: MapType, gl: WebGLRenderingContext | WebGL2RenderingContext): void {
    this.#gl = gl as WebGL2RenderingContext
    this.#program = compile(this.#gl)
    this.#array = this.#gl.createVertexArray()
    this.#buffers = [this.#gl.createBuffer(), this.#gl.createBuffer()]
    this.#fill()
  }

  onRemove(): void {
    const gl = this.#gl
    this.#buffers.forEach((one) => gl?.deleteBuffer(one))
    gl?.deleteVertexArray(this.#array)
    gl?.deleteProgram(this.#program)
    this.#buffers = []
    this.#gl = this.#program = this.#array = null
  }

  render(gl: WebGLRenderingContext | WebGL2RenderingContext, input: CustomRenderMethodInput): void {
    const count = this.#held?.sensors.length ?? 0
    if (this.#program && count && gl === this.#gl) {
      const ratio = window.devicePixelRatio
      const many = count > MANY
      const [least, most] = many ? [1.2, 5] : [4, 9]
      const radius = Math.min(most, Math.max(least, RADIUS_M / metresPerPixel(this.#map.getZoom(), this.#map.getCenter().lat)))
      const at = (name: string): WebGLUniformLocation | null => this.#gl!.getUniformLocation(this.#program!, name)
      this.#gl.useProgram(this.#program)
      this.#gl.bindVertexArray(this.#array)
      this.#gl.uniformMatrix4fv(at('u_matrix'), false, moved(input.defaultProjectionData.mainMatrix as unknown as ArrayLike<number>, this.#middle))
      this.#gl.uniform1f(at('u_wide'), 2 * radius * ratio + (many ? 0 : 1))
      this.#gl.uniform1f(at('u_rim'), many ? 0 : 1)
      this.#gl.drawArrays(gl.POINTS, 0, count)
      this.#gl.bindVertexArray(null)
    }
    this.#told?.()
    this.#told = null
  }

  #fill(): void {
    const gl = this.#gl
    if (!gl || !this.#held || !this.#program) return
    const { middle, at } = placesOf(this.#held.sensors)
    this.#middle = middle
    gl.bindVertexArray(this.#array)
    const columns: [ArrayBufferView<ArrayBuffer>, number, number, boolean][] = [[at as Float32Array<ArrayBuffer>, 2, gl.FLOAT, false], [this.#held.colours as Uint8Array<ArrayBuffer>, 4, gl.UNSIGNED_BYTE, true]]
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
    if (this.#held) this.show(this.#held.sensors, this.#held.colours)
  }
}

/** A view of the map that looks from `middle` on: reckoned in doubles, for a float forgets metres. */
function moved(view: ArrayLike<number>, [x, y]: [number, number]): Float32Array {
  const found = Float32Array.from(view)
  for (let row = 0; row < 4; row++) found[12 + row] = view[row]! * x + view[4 + row]! * y + view[12 + row]!
  return found
}

function compile(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram()
  for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]] as const) {
    const shader = gl.createShader(kind)!
    gl.shaderSource(shader, text)
    gl.compileShader(shader)
    gl.attachShader(program, shader)
  }
  gl.linkProgram(program)
  return program
}
