// The holder's page: today's pass out of a public file, opened with the holder's own key. No question is asked
// of any server: a few hundred bytes of a static file, the same for everybody but for the place in it.
import { base45, cbor } from './verify.js'
import { svg } from './qr.js'
const $ = (id) => document.getElementById(id)
const KINDS = { 1: 'GATE TOKEN · 出入码', 2: 'DAY PASS · 当日通行证', 3: 'TRAVEL PASS · 出行通行证', 4: 'TEST · 检测证明', 5: 'VACCINATION · 接种证明', 6: 'RECOVERY · 康复证明', 7: 'DECLARATION · 申报书', 8: 'PAPER PASS · 纸质通行证', 9: 'FAMILY PASS · 家庭通行证' }
const WHY = { test_positive: 'a positive test · 检测阳性', close_contact: 'contact with a case · 密切接触者', traced: 'tracing · 流调判定', place_visited: 'a place you visited · 到访过相关场所', travelled: 'a journey · 旅居史', declared: 'your own statement · 本人申报', cleared: 'a review · 复核' }
const LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:'
const now = () => Math.floor(Date.now() / 1000)
const utf = (text) => new TextEncoder().encode(text)
const unbase64 = (one) => Uint8Array.from(atob(one.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0))
const clock = (at) => new Date(at * 1000).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' })
// a family's books on one phone: each its place and key, and what was fetched last
let books = JSON.parse(localStorage.books || '[]'), at = 0
const keep = () => { localStorage.books = JSON.stringify(books) }

export function toText(token) {
  let out = 'TW1:'
  for (let n = 0; n < token.length; n += 2) {
    const pair = n + 1 < token.length, value = pair ? token[n] * 256 + token[n + 1] : token[n]
    out += LETTERS[value % 45] + LETTERS[Math.floor(value / 45) % 45] + (pair ? LETTERS[Math.floor(value / 2025)] : '')
  }
  return out
}

export async function openSlot(slot, secret, batch) {
  const mac = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  const raw = (await crypto.subtle.sign('HMAC', mac, utf('slot:' + batch))).slice(0, 16)
  const key = await crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['decrypt'])
  const plain = new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv: slot.slice(0, 12) }, key, slot.slice(12)))
  return [plain[0], plain.slice(2, 2 + plain[1])]
}

async function get(path, range) {
  const answer = await fetch(path, { redirect: 'error', headers: range ? { Range: `bytes=${range[0]}-${range[1]}` } : {} })
  if (!answer.ok) throw Error(path)
  const data = new Uint8Array(await answer.arrayBuffer())
  return range && answer.status === 200 ? data.slice(range[0], range[1] + 1) : data
}

// The pass of one book: of the newest batch that covers now and is known to the index.
async function fetchPass(book) {
  if (book.single) return [1, base45(new TextDecoder().decode(await get(`p/${book.single.slice(0, 2)}/${book.single}`)).trim().slice(4))]
  const { batches } = JSON.parse(new TextDecoder().decode(await get('b/index.json')))
  const covers = (one) => Date.parse(one.valid_from) / 1000 <= now() + 300 && now() < Date.parse(one.until) / 1000
  for (const one of batches.filter(covers)) {
    if (book.place >= one.passes) continue
    const start = book.place % one.chunk * one.slot, file = String(Math.floor(book.place / one.chunk)).padStart(5, '0')
    try {
      return await openSlot(await get(`b/${one.batch}/${file}.bin`, [start, start + one.slot - 1]), unbase64(book.secret), one.batch)
    } catch (problem) { if (problem.name !== 'OperationError') throw problem }
  }
  return [0, new Uint8Array()]
}

function untilOf(token) {
  const claims = cbor(cbor(token).value[2])
  return [claims.get(-65537).get(1), claims.get(4), claims.get(-65537).get(2) || '']
}

function show(book) {
  const box = $('card')
  const say = (kind, word, small) => { box.className = kind; box.replaceChildren(word, Object.assign(document.createElement('small'), { textContent: small })) }
  $('code').replaceChildren(); $('told').textContent = ''
  $('next').hidden = books.length < 2
  if (!book) return say('none', '… ', 'Add the link of your book, or ask at a street office. 请存入通行证簿链接，或到街道窗口。')
  const [what, data] = [book.what, book.data ? unbase64(book.data) : null]
  if (what === 1) {
    const [kind, until, hint] = untilOf(data)
    if (until <= now()) return say('wait', '✗ ENDED · 已到期', `${clock(until)} — Refresh · 请刷新`)
    say('good', `✓ ${KINDS[kind] || ''}`, `Good until · 有效至 ${clock(until)} ${hint}`)
    $('code').innerHTML = svg(book.text || toText(data))
    $('code').firstChild.setAttribute('role', 'img')
    $('code').firstChild.setAttribute('aria-label', 'QR code of the pass · 通行证二维码')
  } else if (what === 2) {
    const told = JSON.parse(new TextDecoder().decode(data))
    say('wait', '? NO PASS NOW · 暂无通行证', `Until · 至 ${clock(told.u)}`)
    $('told').textContent = `Why · 原因: ${WHY[told.r] || told.r}\nStatus · 状态编号: ${told.s}\nOnly you see this. You may object from anywhere: SMS "OBJECT ${told.s}" and why, by telephone, on paper, at any street office. Receipt at once, an answer in 24 hours. 仅您可见。任何地方都可提出异议：短信“YY ${told.s} 理由”、电话、书面、任一街道窗口。当场给回执，24 小时内答复。`
  } else say('none', '… NO PASS YET · 尚无通行证', 'None was signed for this book yet. Ask at a street office. 尚未签发，请询问街道窗口。')
}

async function load() {
  const book = books[at]
  if (book) {
    try {
      const [what, data] = await fetchPass(book)
      Object.assign(book, { what, data: btoa(String.fromCharCode(...data)), fetched: now() })
      keep()
      $('age').textContent = `Fetched · 更新于 ${clock(book.fetched)}`
    } catch { $('age').textContent = `No network; what was fetched stays good until its end · 无网络，已取得的在到期前有效${book.fetched ? ` (${clock(book.fetched)})` : ''}` }
  }
  show(book)
}

export function readLink(text) {
  const found = text.trim().replace(/^.*#/, '')
  const book = /^(\d{1,9})\.([\w-]{22})$/.exec(found), single = /^p=([0-9a-f]{32})$/.exec(found)
  return book ? { place: Number(book[1]), secret: book[2] } : single ? { single: single[1] } : null
}

function add(text) {
  const fresh = readLink(text)
  if (!fresh) return false
  const same = books.findIndex((one) => one.secret === fresh.secret && one.single === fresh.single)
  at = same >= 0 ? same : books.push(fresh) - 1
  keep()
  return true
}

$('add').onclick = () => { const good = add($('text').value); $('text').value = ''; if (good) load(); else $('age').textContent = 'This is no link of a book · 不是通行证簿链接' }
$('refresh').onclick = load
$('next').onclick = () => { at = (at + 1) % books.length; load() }
$('print').onclick = () => print()
$('large').onclick = () => { const on = document.body.classList.toggle('large'); $('large').setAttribute('aria-pressed', String(on)); localStorage.large = on ? 1 : '' }
if (localStorage.large) $('large').click()
if (location.hash && add(location.hash)) history.replaceState(null, '', location.pathname) // the key stays out of histories and screenshots
if ('serviceWorker' in navigator) navigator.serviceWorker.register('sw.js').catch(() => {})
show(books[at])
// everybody opens the page at the same minute: what is at hand is shown at once, the file is fetched a little later
setTimeout(load, books[at]?.data ? Math.random() * 3000 : 0)
