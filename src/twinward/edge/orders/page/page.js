// The page at the gate: shows one of four answers and the age of its lists; keeps counts by hour.
import { GREEN_S, readList, readTrust, verify } from './verify.js'
const $ = (id) => document.getElementById(id)
const WORDS = { ok: ['✓', 'OK · 通过'], not_ok: ['✗', 'NOT OK · 不通过'], ask_a_person: ['?', 'ASK A PERSON · 人工核验'], cannot_tell: ['…', 'CANNOT TELL · 无法判断'] }
const HINTS = { clock: 'The clock of this device is in doubt · 本机时间有疑', list_stale: 'Lists are old: check by hand · 名单过旧，请人工核验', list_missing: 'Fetch lists · 请更新名单' }
let trust = null, lists = {}, floor = Number(localStorage.floor || 0)
const now = () => Math.floor(Date.now() / 1000)
const get = async (path) => { const answer = await fetch(path, { redirect: 'error' }); if (!answer.ok) throw Error(path); return answer }

async function load() {
  try {
    const pinned = localStorage.root ? JSON.parse(localStorage.root) : null
    const fresh = await readTrust(await (await get('trust.json')).json(), pinned)
    if (Number(localStorage.version || 0) > fresh.version) throw Error('older trust list')
    trust = fresh
    localStorage.root = JSON.stringify(trust.root)
    localStorage.version = trust.version
    for (const name of (await (await get('lists/index.json')).json()).lists) {
      const list = await readList(new Uint8Array(await (await get('lists/' + name)).arrayBuffer()), trust)
      const seen = lists[list.address]
      if (seen && seen.issued > list.issued) continue
      if (seen) for (let n = 0; n < seen.data.length; n++) list.data[n] |= seen.data[n]
      lists[list.address] = list
    }
  } catch { /* what was fetched before stays in use; its age is shown */ }
  floor = Math.max(floor, trust?.iat || 0, ...Object.values(lists).map((one) => one.issued))
  localStorage.floor = floor
  showAge()
  setTimeout(load, (240 + Math.random() * 240) * 1000)
}

function showAge() {
  const oldest = Math.min(...Object.values(lists).map((one) => one.issued))
  const age = Number.isFinite(oldest) ? now() - oldest : null, old = age === null || age > GREEN_S || age < -300
  const said = age === null ? 'No lists yet · 尚无名单' : age > 172800 ? Math.floor(age / 86400) + ' d · 天' : age > 7200 ? Math.floor(age / 3600) + ' h · 小时' : Math.max(0, Math.floor(age / 60)) + ' min · 分钟'
  $('age').textContent = (age === null ? '' : 'Age of lists · 名单已更新: ') + said + (old ? ' — degraded: check by hand · 请人工核验' : '')
  $('age').className = old ? 'old' : ''
}

async function check() {
  const code = $('text').value.replace(/\r?\n$/, '')
  if (!code || !trust) return
  const found = await verify(code, trust, lists, now(), floor)
  const [sign, word] = WORDS[found.answer], box = $('answer')
  box.className = found.answer
  box.replaceChildren(`${sign} ${word}`, Object.assign(document.createElement('small'), { textContent: HINTS[found.why] || '' }))
  box.focus()
  $('text').value = ''
  count(found.answer)
}

function count(answer) {
  const hour = new Date().toISOString().slice(0, 13), counts = JSON.parse(localStorage.counts || '{}')
  counts[hour] = counts[hour] || {}
  counts[hour][answer] = (counts[hour][answer] || 0) + 1
  for (const one of Object.keys(counts).sort().slice(0, -48)) delete counts[one]
  localStorage.counts = JSON.stringify(counts)
  $('counts').textContent = Object.entries(counts[hour]).map(([name, number]) => `${WORDS[name][0]} ${number}`).join('   ')
}

async function camera() {
  const video = $('video'), detector = new BarcodeDetector({ formats: ['qr_code'] })
  video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } })
  video.hidden = false
  await video.play()
  for (;;) {
    const [code] = await detector.detect(video).catch(() => [])
    if (code) { $('text').value = code.rawValue; await check(); await new Promise((go) => setTimeout(go, 1500)) }
    await new Promise((go) => setTimeout(go, 150))
  }
}

$('check').onclick = check
$('text').onkeydown = (event) => { if (event.key === 'Enter') { event.preventDefault(); check() } }
$('file').onchange = async () => { $('text').value = (await $('file').files[0]?.text()) || ''; $('file').value = ''; await check() }
$('refresh').onclick = load
if ('BarcodeDetector' in window && navigator.mediaDevices) { $('camera').hidden = false; $('camera').onclick = camera }
if ('serviceWorker' in navigator) navigator.serviceWorker.register('sw.js').catch(() => {})
setInterval(showAge, 30000)
load()
