// Reads which object is drawn at a pixel: names in place of colours, into one pixel apart from the picture; the map's own state is left as it was found.
interface Kept { on: [number, boolean][]; program: unknown; frame: unknown; render: unknown; array: unknown; port: Int32Array; clear: Float32Array; depth: number; mask: boolean; func: number }
const SWITCHES = ['DEPTH_TEST', 'CULL_FACE', 'STENCIL_TEST', 'BLEND', 'SCISSOR_TEST', 'POLYGON_OFFSET_FILL'] as const

const keep = (gl: WebGL2RenderingContext): Kept => ({
  on: SWITCHES.map((name) => [gl[name], gl.isEnabled(gl[name])]), program: gl.getParameter(gl.CURRENT_PROGRAM), frame: gl.getParameter(gl.FRAMEBUFFER_BINDING), render: gl.getParameter(gl.RENDERBUFFER_BINDING), array: gl.getParameter(gl.VERTEX_ARRAY_BINDING),
  port: gl.getParameter(gl.VIEWPORT) as Int32Array, clear: gl.getParameter(gl.COLOR_CLEAR_VALUE) as Float32Array, depth: gl.getParameter(gl.DEPTH_CLEAR_VALUE) as number, mask: gl.getParameter(gl.DEPTH_WRITEMASK) as boolean, func: gl.getParameter(gl.DEPTH_FUNC) as number,
})
function restore(gl: WebGL2RenderingContext, kept: Kept): void {
  for (const [name, on] of kept.on) if (on) gl.enable(name); else gl.disable(name)
  gl.useProgram(kept.program as WebGLProgram | null)
  gl.bindFramebuffer(gl.FRAMEBUFFER, kept.frame as WebGLFramebuffer | null)
  gl.bindRenderbuffer(gl.RENDERBUFFER, kept.render as WebGLRenderbuffer | null)
  gl.bindVertexArray(kept.array as WebGLVertexArrayObject | null)
  gl.viewport(kept.port[0]!, kept.port[1]!, kept.port[2]!, kept.port[3]!)
  gl.clearColor(kept.clear[0]!, kept.clear[1]!, kept.clear[2]!, kept.clear[3]!)
  gl.clearDepth(kept.depth)
  gl.depthMask(kept.mask)
  gl.depthFunc(kept.func)
}

/** The colours (RGBA) that `draw` leaves at pixels of the drawing buffer, counted from the top left. */
export function readPixels(gl: WebGL2RenderingContext, pixels: readonly (readonly [number, number])[], draw: (x: number, y: number) => void): Uint8Array[] {
  const kept = keep(gl)
  const frame = gl.createFramebuffer()
  const [colour, depth] = [gl.createRenderbuffer(), gl.createRenderbuffer()]
  gl.bindFramebuffer(gl.FRAMEBUFFER, frame)
  for (const [buffer, kind, at] of [[colour, gl.RGBA8, gl.COLOR_ATTACHMENT0], [depth, gl.DEPTH_COMPONENT24, gl.DEPTH_ATTACHMENT]] as const) {
    gl.bindRenderbuffer(gl.RENDERBUFFER, buffer)
    gl.renderbufferStorage(gl.RENDERBUFFER, kind, 1, 1)
    gl.framebufferRenderbuffer(gl.FRAMEBUFFER, at, gl.RENDERBUFFER, buffer)
  }
  for (const name of SWITCHES) gl.disable(gl[name])
  gl.enable(gl.DEPTH_TEST)
  gl.depthMask(true)
  gl.depthFunc(gl.LEQUAL)
  gl.clearColor(0, 0, 0, 0)
  gl.clearDepth(1)
  const found = pixels.map(([x, y]) => {
    gl.viewport(-x, -(gl.drawingBufferHeight - 1 - y), gl.drawingBufferWidth, gl.drawingBufferHeight)
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT)
    draw(x, y)
    const pixel = new Uint8Array(4)
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel)
    return pixel
  })
  restore(gl, kept)
  gl.deleteFramebuffer(frame)
  gl.deleteRenderbuffer(colour)
  gl.deleteRenderbuffer(depth)
  return found
}
