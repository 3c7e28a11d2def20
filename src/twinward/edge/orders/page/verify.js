// Verifies a pass offline: base45, strict CBOR, COSE ES256 by WebCrypto, status list, clock floor.
const LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:'
export const GREEN_S = 7 * 86400, SKEW_S = 300
const KINDS = ['', 'gate', 'day', 'travel', 'test', 'vaccination', 'recovery', 'declaration', 'paper', 'family']
const ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551n
const LONGEST = [0, 900, 129600, 1209600, 1209600, 34560000, 17280000, 259200, 1209600, 129600]
const text = new TextDecoder('utf-8', { fatal: true })

export function base45(code) {
  if (code.length > 4000 || code.length % 3 === 1) throw Error('length')
  const out = []
  for (let at = 0; at < code.length; at += 3) {
    const part = [...code.slice(at, at + 3)].map((one) => LETTERS.indexOf(one))
    if (part.includes(-1)) throw Error('letter')
    const value = part[0] + 45 * part[1] + 2025 * (part[2] ?? 0)
    if (value > (part.length === 3 ? 65535 : 255)) throw Error('value')
    if (part.length === 3) out.push(value >> 8)
    out.push(value & 255)
  }
  return new Uint8Array(out)
}

export function cbor(data) {
  let at = 0
  const take = (count) => {
    if (at + count > data.length) throw Error('cut')
    at += count
    return data.subarray(at - count, at)
  }
  const read = (depth) => {
    if (depth > 16) throw Error('deep')
    const first = take(1)[0], major = first >> 5, low = first & 31
    if (major === 7) {
      if (low < 20 || low > 22) throw Error('simple')
      return [false, true, null][low - 20]
    }
    let number = low
    if (low > 23) {
      if (low > 27) throw Error('indefinite')
      number = Number(take(1 << (low - 24)).reduce((sum, one) => sum * 256n + BigInt(one), 0n))
      if (number < [24, 256, 65536, 4294967296][low - 24] || number > 2 ** 53) throw Error('spelling')
    }
    if (major < 2) return major ? -1 - number : number
    if (major === 2) return take(number)
    if (major === 3) return text.decode(take(number))
    if (major === 6) return { tag: number, value: read(depth + 1) }
    if (number > data.length) throw Error('cut')
    if (major === 4) return Array.from({ length: number }, () => read(depth + 1))
    const map = new Map()
    let last = null
    for (let n = 0; n < number; n++) {
      const start = at, key = read(depth + 1), raw = data.subarray(start, at)
      if (typeof key !== 'number' && typeof key !== 'string') throw Error('key')
      if (last && compare(last, raw) >= 0) throw Error('order')
      last = raw
      map.set(key, read(depth + 1))
    }
    return map
  }
  const value = read(0)
  if (at !== data.length) throw Error('trailing')
  return value
}

function compare(a, b) {
  for (let n = 0; n < Math.min(a.length, b.length); n++) if (a[n] !== b[n]) return a[n] - b[n]
  return a.length - b.length
}

function head(major, number) {
  if (number < 24) return [major << 5 | number]
  if (number < 256) return [major << 5 | 24, number]
  if (number < 65536) return [major << 5 | 25, number >> 8, number & 255]
  return [major << 5 | 26, number >>> 24, number >> 16 & 255, number >> 8 & 255, number & 255]
}

const bytes = (one) => [...head(2, one.length), ...one]

async function sign1(data, keys) {
  const found = cbor(data)
  if (found?.tag !== 18 || found.value.length !== 4) throw Error('parts')
  const [protectedBytes, outside, payload, signature] = found.value
  if (outside.size || signature.length !== 64) throw Error('parts')
  const header = cbor(protectedBytes), kid = text.decode(header.get(4))
  for (const name of header.keys()) if (![1, 4, 16].includes(name)) throw Error('header')
  const key = keys.find((one) => one.jwk.kid === kid)
  if (!key) return { known: false }
  if (header.get(1) !== -7) return { known: true }
  const s = signature.slice(32).reduce((sum, one) => sum * 256n + BigInt(one), 0n)
  if (s > ORDER / 2n) return { known: true }
  const signed = new Uint8Array([0x84, ...head(3, 10), ...new TextEncoder().encode('Signature1'), ...bytes(protectedBytes), 0x40, ...bytes(payload)])
  const good = await verifyRaw(key.jwk, signature, signed)
  return { known: true, key: good ? key : null, type: header.get(16), claims: good ? cbor(payload) : null }
}

async function verifyRaw(jwk, signature, signed) {
  const { kty, crv, x, y } = jwk
  const key = await crypto.subtle.importKey('jwk', { kty, crv, x, y }, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['verify'])
  return crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, key, signature, signed)
}

const unbase64 = (one) => Uint8Array.from(atob(one.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0))

// The trust list of our file; its root must be the one that was pinned (null: none yet).
export async function readTrust(file, pinned) {
  const root = file.root, parts = file.list.split('.')
  if (pinned && (root.x !== pinned.x || root.y !== pinned.y)) throw Error('another root')
  const headerJson = JSON.parse(text.decode(unbase64(parts[0])))
  if (headerJson.alg !== 'ES256' || headerJson.typ !== 'twinward-trust+jwt') throw Error('type')
  if (!await verifyRaw(root, unbase64(parts[2]), new TextEncoder().encode(parts[0] + '.' + parts[1]))) throw Error('signature')
  return { root, ...JSON.parse(text.decode(unbase64(parts[1]))) }
}

async function inflate(data) {
  const stream = new Blob([data]).stream().pipeThrough(new DecompressionStream('deflate')).getReader()
  const parts = []
  let size = 0
  for (;;) {
    const { done, value } = await stream.read()
    if (done) break
    size += value.length
    if (size > 33554432) throw Error('bomb')
    parts.push(value)
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer())
}

export async function readList(data, trust) {
  const found = await sign1(data, trust.signers.filter((one) => one.state !== 'compromised'))
  if (!found.key || found.type !== 'application/statuslist+cwt') throw Error('list')
  const list = found.claims.get(65533)
  if (list.get('bits') !== 1) throw Error('bits')
  return { address: found.claims.get(2), issued: found.claims.get(6), expires: found.claims.get(4), data: await inflate(list.get('lst')) }
}

const say = (answer, why, kind = null, age = null) => ({ answer, why, kind, age })

// One of four answers. `at` in seconds; `lists` by address; `floor` the newest signed time seen.
export async function verify(code, trust, lists, at, floor = 0) {
  let found, body, claims
  try {
    if (!code.startsWith('TW1:')) throw Error('prefix')
    found = await sign1(base45(code.slice(4)), trust.signers)
    if (!found.known) return say(at >= trust.exp ? 'cannot_tell' : 'not_ok', 'unknown_key')
    if (!found.key) return say('not_ok', 'signature')
    claims = found.claims
    body = claims.get(-65537)
    const kind = body.get(1), [from, until] = [claims.get(5), claims.get(4)]
    if (found.type !== 'tw-pass' || !KINDS[kind] || !(claims.get(6) <= until) || !(from < until) || until - from > LONGEST[kind]) throw Error('pass')
  } catch { return say('not_ok', 'format') }
  const kind = KINDS[body.get(1)], [issued, from, until] = [claims.get(6), claims.get(5), claims.get(4)]
  floor = Math.max(floor, trust.iat, ...Object.values(lists).map((one) => one.issued))
  if (at < floor - SKEW_S || issued > at + SKEW_S) return say('cannot_tell', 'clock', kind)
  if (found.key.state === 'compromised') return say('ask_a_person', 'key_compromised', kind)
  if (issued < found.key.not_before || issued > found.key.not_after) return say('not_ok', 'key_window', kind)
  if (at >= until) return say('not_ok', 'expired', kind)
  if (from > at + SKEW_S) return say('not_ok', 'not_yet', kind)
  if (at >= trust.exp) return say('ask_a_person', 'trust_stale', kind)
  const place = claims.get(65535)?.get('status_list')
  if (!place) return say('ok', 'valid', kind)
  const list = lists[place.get('uri')], index = place.get('idx')
  if (!list) return at - issued <= GREEN_S && !Object.keys(lists).length ? say('ok', 'valid', kind) : say('cannot_tell', 'list_missing', kind)
  const age = at - list.issued
  if (!(index >= 0 && index < list.data.length * 8)) return say('not_ok', 'index', kind, age)
  if (list.data[index >> 3] >> (index & 7) & 1) return say('not_ok', 'revoked', kind, age)
  if (age > GREEN_S || at >= list.expires) return say('ask_a_person', 'list_stale', kind, age)
  return say('ok', 'valid', kind, age)
}
