// The ledger of a courier on a telephone: what edge/agent/cabinet.py does in a box. A deed and its receipt are one
// transaction on the disk of the telephone; the private key was made here and no script can read it out.
const MOST_ATTEMPTS = 5, SLOW_AFTER = 20, HOUR_MS = 3_600_000, PAUSE_MS = 60_000, MOST_SENT = 500
const SCRYPT_N = 8192, SCRYPT_R = 8
const DAMM = ['0317598642', '7092154863', '4206871359', '1750983426', '6123045978', '3674209581', '5869720134', '8945362017', '9438617205', '2581436790']
const bytes = (text) => new TextEncoder().encode(text)
const hex = (buffer) => [...new Uint8Array(buffer)].map((one) => one.toString(16).padStart(2, '0')).join('')
const unhex = (text) => new Uint8Array(text.match(/../g).map((two) => parseInt(two, 16)))
const to64 = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
const from64 = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (one) => one.charCodeAt(0))
const digest = async (text) => hex(await crypto.subtle.digest('SHA-256', bytes(text)))
const refuse = (code, values = {}) => { throw Object.assign(new Error(code), { refused: code, values }) }

/** What somebody typed, as ten digits; a slip of the finger costs no attempt. */
function read_code(text) {
  const plain = text.replace(/[０-９]/g, (one) => String.fromCharCode(one.charCodeAt(0) - 0xfee0)).replace(/[\s\-.·]/g, '')
  if (!/^\d{10}$/.test(plain) || [...plain].reduce((row, one) => Number(DAMM[row][Number(one)]), 0) !== 0) refuse('mistyped_code')
  return plain
}
/** scrypt (RFC 7914) of a code, N = 8192, r = 8, p = 1: no browser brings it. */
async function verifier_of(code, salt) {
  const pbkdf2 = async (given, length) => {
    const key = await crypto.subtle.importKey('raw', bytes(code), 'PBKDF2', false, ['deriveBits'])
    return crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt: given, iterations: 1 }, key, length * 8)
  }
  const block = new DataView(await pbkdf2(unhex(salt), 128 * SCRYPT_R))
  const words = 32 * SCRYPT_R
  let x = new Uint32Array(words), y = new Uint32Array(words)
  for (let i = 0; i < words; i++) x[i] = block.getUint32(4 * i, true)
  const kept = new Uint32Array(SCRYPT_N * words)
  for (let i = 0; i < SCRYPT_N; i++) {
    kept.set(x, i * words)
    mix_block(x, y)
    ;[x, y] = [y, x]
  }
  for (let i = 0; i < SCRYPT_N; i++) {
    const from = (x[words - 16] & (SCRYPT_N - 1)) * words
    for (let k = 0; k < words; k++) x[k] ^= kept[from + k]
    mix_block(x, y)
    ;[x, y] = [y, x]
  }
  for (let i = 0; i < words; i++) block.setUint32(4 * i, x[i], true)
  return hex(await pbkdf2(block.buffer, 32))
}
const salsa = new Uint32Array(16)
function mix_block(from, to) {
  const pairs = 2 * SCRYPT_R
  salsa.set(from.subarray((pairs - 1) * 16))
  for (let i = 0; i < pairs; i++) {
    for (let k = 0; k < 16; k++) salsa[k] ^= from[i * 16 + k]
    stir()
    to.set(salsa, ((i >> 1) + (i & 1) * SCRYPT_R) * 16)
  }
}
/** Salsa20/8 of `salsa`, in place: written out, because a telephone does it 262,144 times for a code. */
function stir() {
  let t = 0, s0 = salsa[0], s1 = salsa[1], s2 = salsa[2], s3 = salsa[3], s4 = salsa[4], s5 = salsa[5], s6 = salsa[6], s7 = salsa[7], s8 = salsa[8], s9 = salsa[9], s10 = salsa[10], s11 = salsa[11], s12 = salsa[12], s13 = salsa[13], s14 = salsa[14], s15 = salsa[15]
  for (let round = 0; round < 4; round++) {
    t = (s0 + s12) | 0; s4 ^= (t << 7) | (t >>> 25); t = (s4 + s0) | 0; s8 ^= (t << 9) | (t >>> 23); t = (s8 + s4) | 0; s12 ^= (t << 13) | (t >>> 19); t = (s12 + s8) | 0; s0 ^= (t << 18) | (t >>> 14)
    t = (s5 + s1) | 0; s9 ^= (t << 7) | (t >>> 25); t = (s9 + s5) | 0; s13 ^= (t << 9) | (t >>> 23); t = (s13 + s9) | 0; s1 ^= (t << 13) | (t >>> 19); t = (s1 + s13) | 0; s5 ^= (t << 18) | (t >>> 14)
    t = (s10 + s6) | 0; s14 ^= (t << 7) | (t >>> 25); t = (s14 + s10) | 0; s2 ^= (t << 9) | (t >>> 23); t = (s2 + s14) | 0; s6 ^= (t << 13) | (t >>> 19); t = (s6 + s2) | 0; s10 ^= (t << 18) | (t >>> 14)
    t = (s15 + s11) | 0; s3 ^= (t << 7) | (t >>> 25); t = (s3 + s15) | 0; s7 ^= (t << 9) | (t >>> 23); t = (s7 + s3) | 0; s11 ^= (t << 13) | (t >>> 19); t = (s11 + s7) | 0; s15 ^= (t << 18) | (t >>> 14)
    t = (s0 + s3) | 0; s1 ^= (t << 7) | (t >>> 25); t = (s1 + s0) | 0; s2 ^= (t << 9) | (t >>> 23); t = (s2 + s1) | 0; s3 ^= (t << 13) | (t >>> 19); t = (s3 + s2) | 0; s0 ^= (t << 18) | (t >>> 14)
    t = (s5 + s4) | 0; s6 ^= (t << 7) | (t >>> 25); t = (s6 + s5) | 0; s7 ^= (t << 9) | (t >>> 23); t = (s7 + s6) | 0; s4 ^= (t << 13) | (t >>> 19); t = (s4 + s7) | 0; s5 ^= (t << 18) | (t >>> 14)
    t = (s10 + s9) | 0; s11 ^= (t << 7) | (t >>> 25); t = (s11 + s10) | 0; s8 ^= (t << 9) | (t >>> 23); t = (s8 + s11) | 0; s9 ^= (t << 13) | (t >>> 19); t = (s9 + s8) | 0; s10 ^= (t << 18) | (t >>> 14)
    t = (s15 + s14) | 0; s12 ^= (t << 7) | (t >>> 25); t = (s12 + s15) | 0; s13 ^= (t << 9) | (t >>> 23); t = (s13 + s12) | 0; s14 ^= (t << 13) | (t >>> 19); t = (s14 + s13) | 0; s15 ^= (t << 18) | (t >>> 14)
  }
  salsa[0] += s0; salsa[1] += s1; salsa[2] += s2; salsa[3] += s3; salsa[4] += s4; salsa[5] += s5; salsa[6] += s6; salsa[7] += s7; salsa[8] += s8; salsa[9] += s9; salsa[10] += s10; salsa[11] += s11; salsa[12] += s12; salsa[13] += s13; salsa[14] += s14; salsa[15] += s15
}
async function proof_of(code, holder, parcel, round, seq) {
  const key = await crypto.subtle.importKey('raw', bytes(code), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  return hex(await crypto.subtle.sign('HMAC', key, bytes(['proof', holder, parcel, round, seq].join('\x1f'))))
}

const wait_for = (request) => new Promise((done, failed) => { request.onsuccess = () => done(request.result); request.onerror = () => failed(request.error) })
/** The store of this telephone: a book for each courier, and the receipts that it has signed. */
async function open_store() {
  const asked = indexedDB.open('twinward.courier', 1)
  asked.onupgradeneeded = () => { asked.result.createObjectStore('books', { keyPath: 'courier' }); asked.result.createObjectStore('receipts', { keyPath: ['key', 'seq'] }) }
  return wait_for(asked)
}
const alone = (work) => (navigator.locks ? navigator.locks.request('twinward.courier', work) : work()) // one page at a time, of all that are open
const range = (book, from = 0) => IDBKeyRange.bound([book.key, from], [book.key, Number.MAX_SAFE_INTEGER])

/** The ledger of one courier. */
class Ledger {
  constructor(store, book) { this.store = store; this.book = book; this.unsent = 0 }
  static async open(store, courier) {
    const book = courier ? await wait_for(store.transaction('books').objectStore('books').get(courier)) : null
    const found = book ? new Ledger(store, book) : null
    if (found) await found.count()
    return found
  }
  /** A key of its own, which the browser keeps and lets nobody read. Not yet on the disk. */
  static async make(store, round) {
    const pair = await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])
    const key = to64(await crypto.subtle.exportKey('raw', pair.publicKey))
    return new Ledger(store, { courier: round.courier, key, secret: pair.privateKey, depot: round.depot_key, seq: 0, last: '', manifest: 0, lines: {}, parcels: {}, wrong: [], skew: 0, heard: 0, lost: false })
  }
  now() { return Date.now() + this.book.skew }
  async count() { this.unsent = (await this.unsent_receipts()).length }
  async unsent_receipts() {
    const all = await wait_for(this.store.transaction('receipts').objectStore('receipts').getAll(range(this.book)))
    return all.filter((one) => !one.sent)
  }
  /** The book as it is on the disk now: another page may have written it meanwhile. */
  async reread() { this.book = (await wait_for(this.store.transaction('books').objectStore('books').get(this.book.courier))) || this.book }
  /** Book and receipt, both or none, on the disk when this returns. */
  async write(receipt = null) {
    const work = this.store.transaction(['books', 'receipts'], 'readwrite', { durability: 'strict' })
    const done = new Promise((kept, failed) => { work.oncomplete = kept; work.onabort = () => failed(work.error); work.onerror = () => failed(work.error) })
    work.objectStore('books').put(this.book)
    if (receipt) work.objectStore('receipts').add(receipt) // a number that is taken ends all of it
    await done
    await this.count()
  }
  async receipt(kind, parcel, more = {}) {
    const line = this.book.lines[parcel] || this.book.parcels[parcel]
    const seq = this.book.seq + 1
    const proof = more.code ? await proof_of(more.code, this.book.courier, parcel, line.round, seq) : ''
    const body = JSON.stringify({ holder: this.book.courier, seq, before: this.book.last, kind, parcel, place: line.place, round: line.round, at: new Date(this.now()).toISOString(), photo_sha256: '', because: more.because || '', proof })
    const raw = JSON.stringify({ body, signature: to64(await crypto.subtle.sign('Ed25519', this.book.secret, bytes(body))) })
    this.book.seq = seq
    this.book.last = await digest(raw)
    return { key: this.book.key, seq, raw, sent: false }
  }
  /** One deed, alone among all open pages; a refusal is thrown with its code. */
  deed(parcel, asked, view) {
    return alone(async () => {
      await this.reread()
      if (this.book.lost) refuse('lost')
      const held = this.book.parcels[parcel]
      if (asked.act === 'load') {
        if (held && held.state === 'here') refuse('exists')
        if (held && held.state === 'handed') refuse('already_handed')
        this.book.parcels[parcel] = { ...view, state: 'here', attempts: 0 }
        await this.write(await this.receipt('loaded', parcel))
        return
      }
      if (!held || held.state !== 'here') refuse(held && held.state === 'handed' ? 'already_handed' : 'not_here')
      if (asked.act === 'hand') return this.hand(parcel, held, asked.code)
      if (asked.act === 'bring_back') held.state = 'returned'
      await this.write(await this.receipt(asked.act === 'refuse' ? 'refused' : 'returned', parcel, { because: asked.because }))
    })
  }
  async hand(parcel, held, typed) {
    const now = this.now()
    this.book.wrong = this.book.wrong.filter((at) => Math.abs(now - at) < HOUR_MS)
    if (this.book.wrong.length >= SLOW_AFTER && now < Math.max(...this.book.wrong) + PAUSE_MS) refuse('too_many_tries')
    const code = read_code(typed)
    const line = this.book.lines[parcel]
    if (!line) refuse('no_verifier')
    if (line.withheld) refuse('parcel_moved')
    if (held.attempts >= MOST_ATTEMPTS) refuse('parcel_locked')
    if (now >= Date.parse(line.expires_at)) refuse('parcel_expired')
    if ((await verifier_of(code, line.salt)) !== line.verifier) {
      held.attempts += 1 // counted before anybody is told that it was wrong
      this.book.wrong.push(now)
      await this.write(held.attempts >= MOST_ATTEMPTS ? await this.receipt('locked', parcel) : null)
      refuse(held.attempts >= MOST_ATTEMPTS ? 'parcel_locked' : 'wrong_code', { n: MOST_ATTEMPTS - held.attempts })
    }
    held.state = 'handed'
    await this.write(await this.receipt('handed', parcel, { code }))
  }
  /** What the centre has answered: receipts up to `seq` are there. What was done with is forgotten but for its number. */
  async acknowledge(seq) {
    const work = this.store.transaction('receipts', 'readwrite')
    const all = await wait_for(work.objectStore('receipts').getAll(range(this.book)))
    for (const one of all) if (one.seq <= seq && !one.sent) work.objectStore('receipts').put({ ...one, sent: true })
    await new Promise((done, failed) => { work.oncomplete = done; work.onabort = () => failed(work.error) })
    await this.count()
    if (this.unsent) return
    for (const [parcel, one] of Object.entries(this.book.parcels)) {
      if (one.state === 'here') continue
      this.book.parcels[parcel] = { state: one.state, attempts: one.attempts }
      delete this.book.lines[parcel]
    }
  }
  /** The centre's word on the round: its clock, what is in hand, and whether this key still signs. */
  hear(round) {
    this.book.skew = Date.parse(round.at) - Date.now()
    this.book.heard = Date.now()
    this.book.lost = round.key !== this.book.key
    if (this.book.lost || this.unsent) return
    const there = new Set(round.in_hand.map((one) => one.id))
    for (const one of round.in_hand) {
      const known = this.book.parcels[one.id]
      if (!known || known.state === 'returned') this.book.parcels[one.id] = { ...one, state: 'here', attempts: 0 }
      else if (known.state === 'here') Object.assign(known, { place: one.place, area_name: one.area_name, expires_at: one.expires_at })
    }
    for (const [parcel, one] of Object.entries(this.book.parcels)) if (one.state === 'here') one.gone = !there.has(parcel)
  }
  /** A manifest with the depot's signature; one that is older, or for somebody else, changes nothing. */
  async take_manifest(signed) {
    const depot = await crypto.subtle.importKey('raw', from64(this.book.depot), 'Ed25519', false, ['verify'])
    if (!(await crypto.subtle.verify('Ed25519', depot, from64(signed.signature), bytes(signed.body)))) refuse('bad_signature')
    const told = JSON.parse(signed.body)
    if (told.holder !== this.book.courier || told.number < this.book.manifest) return
    this.book.manifest = told.number
    for (const line of told.lines) {
      const known = this.book.lines[line.parcel]
      const held = this.book.parcels[line.parcel]
      if (known && line.round > known.round && held) held.attempts = 0
      if (!known || line.round >= known.round) this.book.lines[line.parcel] = line
    }
  }
}
/** Whether this telephone can keep a key and a ledger: over a safe line, with Ed25519. */
async function can_sign() {
  if (!window.isSecureContext || !window.indexedDB || !navigator.serviceWorker || !crypto.subtle) return false
  return crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']).then(() => true, () => false)
}
