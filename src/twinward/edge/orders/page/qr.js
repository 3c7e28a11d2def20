// A QR code (ISO/IEC 18004, level M, versions 1 to 20) of letters that base45 and web addresses use.
const ALPHA = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:'
const ECC = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26]
const BLOCKS = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16]
const EXP = [], LOG = []
for (let n = 0, x = 1; n < 255; n++) { EXP[n] = x; LOG[x] = n; x <<= 1; if (x & 256) x ^= 285 }
const times = (a, b) => (a && b ? EXP[(LOG[a] + LOG[b]) % 255] : 0)

function rawModules(version) {
  let found = (16 * version + 128) * version + 64
  if (version > 1) { const n = Math.floor(version / 7) + 2; found -= (25 * n - 10) * n - 55; if (version > 6) found -= 36 }
  return found
}

function remainder(data, degree) {
  let divisor = [1]
  for (let n = 0; n < degree; n++) divisor = [...divisor, 0].map((one, at) => one ^ (at ? times(divisor[at - 1], EXP[n]) : 0))
  const found = Array(degree).fill(0)
  for (const one of data) {
    const factor = one ^ found.shift()
    found.push(0)
    for (let n = 0; n < degree; n++) found[n] ^= times(divisor[n + 1], factor)
  }
  return found
}

function codewords(text) {
  const alpha = [...text].every((one) => ALPHA.includes(one)), raw = new TextEncoder().encode(text)
  const length = alpha ? text.length : raw.length, size = alpha ? Math.floor(length / 2) * 11 + (length % 2) * 6 : length * 8
  for (let version = 1; version <= 20; version++) {
    const wide = alpha ? (version < 10 ? 9 : 11) : version < 10 ? 8 : 16
    const capacity = Math.floor(rawModules(version) / 8) - ECC[version - 1] * BLOCKS[version - 1]
    if (4 + wide + size > capacity * 8) continue
    const bits = []
    const put = (value, count) => { for (let n = count - 1; n >= 0; n--) bits.push(value >> n & 1) }
    put(alpha ? 2 : 4, 4)
    put(length, wide)
    if (alpha) for (let n = 0; n < length; n += 2) n + 1 < length ? put(ALPHA.indexOf(text[n]) * 45 + ALPHA.indexOf(text[n + 1]), 11) : put(ALPHA.indexOf(text[n]), 6)
    else for (const one of raw) put(one, 8)
    put(0, Math.min(4, capacity * 8 - bits.length))
    while (bits.length % 8) bits.push(0)
    const data = []
    for (let n = 0; n < bits.length; n += 8) data.push(parseInt(bits.slice(n, n + 8).join(''), 2))
    for (let pad = 236; data.length < capacity; pad ^= 236 ^ 17) data.push(pad)
    return [version, interleave(version, data)]
  }
  throw Error('too long for a code')
}

function interleave(version, data) {
  const count = BLOCKS[version - 1], ecc = ECC[version - 1], raw = Math.floor(rawModules(version) / 8)
  const short = count - (raw % count), size = Math.floor(raw / count) - ecc, blocks = []
  for (let n = 0, at = 0; n < count; n++) {
    const part = data.slice(at, at += size + (n >= short ? 1 : 0))
    blocks.push([part, remainder(part, ecc)])
  }
  const out = []
  for (let n = 0; n <= size; n++) for (const [part] of blocks) if (n < part.length) out.push(part[n])
  for (let n = 0; n < ecc; n++) for (const [, check] of blocks) out.push(check[n])
  return out
}

const MASKS = [(x, y) => (x + y) % 2, (x, y) => y % 2, (x) => x % 3, (x, y) => (x + y) % 3, (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2,
  (x, y) => x * y % 2 + x * y % 3, (x, y) => (x * y % 2 + x * y % 3) % 2, (x, y) => ((x + y) % 2 + x * y % 3) % 2]

function frame(version) {
  const size = version * 4 + 17, cells = Array.from({ length: size }, () => Array(size).fill(null))
  const set = (x, y, on) => { if (x >= 0 && y >= 0 && x < size && y < size) cells[y][x] = on ? 1 : 0 }
  for (let n = 0; n < size; n++) { set(6, n, n % 2 === 0); set(n, 6, n % 2 === 0) }
  for (const [cx, cy] of [[3, 3], [size - 4, 3], [3, size - 4]])
    for (let dy = -4; dy <= 4; dy++) for (let dx = -4; dx <= 4; dx++) { const far = Math.max(Math.abs(dx), Math.abs(dy)); set(cx + dx, cy + dy, far !== 2 && far !== 4) }
  if (version > 1) {
    const count = Math.floor(version / 7) + 2, step = Math.ceil((version * 4 + 4) / (count * 2 - 2)) * 2
    const at = [6, ...Array.from({ length: count - 1 }, (_, n) => size - 7 - (count - 2 - n) * step)], last = count - 1
    at.forEach((cx, i) => at.forEach((cy, j) => {
      if ((i === 0 && j === 0) || (i === 0 && j === last) || (i === last && j === 0)) return
      for (let dy = -2; dy <= 2; dy++) for (let dx = -2; dx <= 2; dx++) set(cx + dx, cy + dy, Math.max(Math.abs(dx), Math.abs(dy)) !== 1)
    }))
  }
  if (version > 6) {
    let rest = version
    for (let n = 0; n < 12; n++) rest = rest << 1 ^ (rest >> 11) * 0x1F25
    const bits = version << 12 | rest
    for (let n = 0; n < 18; n++) { const a = size - 11 + n % 3, b = Math.floor(n / 3); set(a, b, bits >> n & 1); set(b, a, bits >> n & 1) }
  }
  return cells
}

function format(cells, mask) {
  const size = cells.length
  let rest = mask // level M is 00
  for (let n = 0; n < 10; n++) rest = rest << 1 ^ (rest >> 9) * 0x537
  const bits = (mask << 10 | rest) ^ 0x5412, bit = (n) => bits >> n & 1
  for (let n = 0; n < 6; n++) cells[n][8] = bit(n)
  cells[7][8] = bit(6); cells[8][8] = bit(7); cells[8][7] = bit(8)
  for (let n = 9; n < 15; n++) cells[8][14 - n] = bit(n)
  for (let n = 0; n < 8; n++) cells[8][size - 1 - n] = bit(n)
  for (let n = 8; n < 15; n++) cells[size - 15 + n][8] = bit(n)
  cells[size - 8][8] = 1
}

// The cells of the code, rows of 0 and 1. Any mask is read; the first is as good as another on a screen.
export function qr(text, mask = 2) {
  const [version, data] = codewords(text), cells = frame(version), size = cells.length
  format(cells, mask)
  let at = 0
  for (let right = size - 1; right > 0; right -= 2) {
    if (right === 6) right = 5
    for (let step = 0; step < size; step++) for (let side = 0; side < 2; side++) {
      const x = right - side, y = (right + 1 & 2) === 0 ? size - 1 - step : step
      if (cells[y][x] !== null) continue
      const on = at < data.length * 8 ? data[at >> 3] >> (7 - (at & 7)) & 1 : 0
      at++
      cells[y][x] = on ^ (MASKS[mask](x, y) === 0 ? 1 : 0)
    }
  }
  return cells
}

export function svg(text) {
  const cells = qr(text), size = cells.length + 8
  const path = cells.flatMap((row, y) => row.map((on, x) => (on ? `M${x + 4} ${y + 4}h1v1h-1z` : ''))).join('')
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h${size}v${size}H0z"/><path d="${path}"/></svg>`
}
