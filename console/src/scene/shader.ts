// How a tile is drawn: its program, its buffers, and where on the map its metres lie.
import type { Mesh } from './glb'

const A = 6_378_137
const E2 = 0.00669437999014
const RAD = Math.PI / 180

// u_cut: of the chosen object, the heights between which it is left standing; what lies above falls onto them. u_part: 0 whole, 1 walls, 2 the floor that is laid open.
const VERTEX = `#version 300 es
uniform mat4 u_matrix; uniform float u_chosen; uniform float u_slot; uniform vec2 u_cut; uniform int u_part;
in vec3 a_place; in vec4 a_colour; in float a_feature;
out vec3 v_place; out vec4 v_colour; flat out vec4 v_name; flat out float v_mine;
void main() {
  vec3 place = vec3(a_place.x, -a_place.z, a_place.y);
  bool mine = abs(a_feature - u_chosen) < 0.5;
  if (mine && u_part > 0) place.z = min(place.z, u_part == 1 ? u_cut.y : u_cut.x);
  gl_Position = u_matrix * vec4(place, 1.0);
  v_place = place;
  v_mine = mine ? 1.0 : 0.0;
  v_colour = mine ? (u_part == 2 ? vec4(0.99, 0.86, 0.55, 1.0) : vec4(0.93, 0.42, 0.1, 1.0)) : a_colour;
  v_name = vec4(mod(a_feature, 256.0) / 255.0, floor(a_feature / 256.0) / 255.0, u_slot / 255.0, 1.0);
}`
const FRAGMENT = `#version 300 es
precision highp float;
precision highp int;
uniform bool u_naming; uniform vec3 u_sun; uniform vec2 u_cut; uniform int u_part;
in vec3 v_place; in vec4 v_colour; flat in vec4 v_name; flat in float v_mine;
out vec4 o_colour;
void main() {
  vec3 normal = normalize(cross(dFdx(v_place), dFdy(v_place)));
  if (u_part > 0 && v_mine > 0.5) {
    if (u_part == 1 && v_place.z > u_cut.y - 0.05) discard; // no roof over what is cut open
    if (u_part == 2 && (v_place.z < u_cut.x - 0.05 || abs(normal.z) < 0.5)) discard;
  } else if (u_part == 2) discard;
  if (u_naming) { o_colour = v_name; return; }
  if (abs(normal.z) < 0.0001 && dot(normal, normal) < 0.5) normal = vec3(0.0, 0.0, 1.0);
  float light = 0.62 + 0.38 * abs(dot(normal, u_sun));
  o_colour = vec4(v_colour.rgb * light, 1.0);
}`
const NAMES = ['u_matrix', 'u_chosen', 'u_slot', 'u_cut', 'u_part', 'u_naming', 'u_sun'] as const

const ATTRIBUTES = [['a_place', 3], ['a_colour', 4], ['a_feature', 1]] as const

export interface Program { program: WebGLProgram; readonly at: Record<(typeof NAMES)[number], WebGLUniformLocation | null> }
export interface Uploaded { array: WebGLVertexArrayObject; buffers: WebGLBuffer[]; count: number; wide: number; bytes: number }

/** Longitude, latitude (degrees) and height of a point of the earth's own axes (Bowring 1976). */
export function geodetic(x: number, y: number, z: number): [number, number, number] {
  const b = A * Math.sqrt(1 - E2)
  const p = Math.hypot(x, y)
  const angle = Math.atan2(z * A, p * b)
  const lat = Math.atan2(z + ((A * A - b * b) / b) * Math.sin(angle) ** 3, p - E2 * A * Math.cos(angle) ** 3)
  return [Math.atan2(y, x) / RAD, lat / RAD, p / Math.cos(lat) - A / Math.sqrt(1 - E2 * Math.sin(lat) ** 2)]
}

/** From metres of the web's map about a tile's middle (`ontoMap`) to its square. */
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

export function compile(gl: WebGL2RenderingContext): Program {
  const program = gl.createProgram()
  for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]] as const) {
    const shader = gl.createShader(kind)!
    gl.shaderSource(shader, text)
    gl.compileShader(shader)
    gl.attachShader(program, shader)
    gl.deleteShader(shader)
  }
  ATTRIBUTES.forEach(([name], at) => gl.bindAttribLocation(program, at, name))
  gl.linkProgram(program)
  let at: Program['at'] | null = null // asked for at the first draw: until then it is compiled beside, while tiles come
  return { program, get at() { return (at ??= Object.fromEntries(NAMES.map((name) => [name, gl.getUniformLocation(program, name)])) as Program['at']) } }
}

export function upload(gl: WebGL2RenderingContext, mesh: Mesh): Uploaded {
  const array = gl.createVertexArray()
  gl.bindVertexArray(array)
  const buffers: WebGLBuffer[] = []
  let bytes = 0
  const fill = (target: number, data: ArrayBufferView<ArrayBuffer>): void => {
    const buffer = gl.createBuffer()
    gl.bindBuffer(target, buffer)
    gl.bufferData(target, data, gl.STATIC_DRAW)
    buffers.push(buffer)
    bytes += data.byteLength
  }
  for (const [at, [name, size]] of ATTRIBUTES.entries()) {
    const bytes4 = name === 'a_colour'
    fill(gl.ARRAY_BUFFER, (bytes4 ? mesh.colour : name === 'a_place' ? mesh.position : mesh.feature) as ArrayBufferView<ArrayBuffer>)
    gl.enableVertexAttribArray(at)
    gl.vertexAttribPointer(at, size, bytes4 ? gl.UNSIGNED_BYTE : gl.FLOAT, bytes4, 0, 0)
  }
  fill(gl.ELEMENT_ARRAY_BUFFER, mesh.index as ArrayBufferView<ArrayBuffer>)
  gl.bindVertexArray(null)
  return { array, buffers, count: mesh.index.length, wide: mesh.index.BYTES_PER_ELEMENT, bytes }
}
