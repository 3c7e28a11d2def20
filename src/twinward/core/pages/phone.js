'use strict'
const $ = (id) => document.getElementById(id)
let tongue = ''
try { tongue = localStorage.getItem('twinward.language') || '' } catch { /* a screen without memory */ }
if (tongue !== 'zh' && tongue !== 'en') tongue = navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en'
/** A word of the page in the chosen language; {name} is filled in. */
function say(key, values = {}) {
  const text = (WORDS[key] || ['?', '?'])[tongue === 'zh' ? 0 : 1]
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ''))
}
function name_all() {
  document.documentElement.lang = tongue === 'zh' ? 'zh-CN' : 'en'
  document.title = say('title')
  for (const one of document.querySelectorAll('[data-t]')) one.textContent = say(one.dataset.t)
  $('tongue').textContent = tongue === 'zh' ? 'English' : '中文'
}
$('tongue').addEventListener('click', () => {
  tongue = tongue === 'zh' ? 'en' : 'zh'
  try { localStorage.setItem('twinward.language', tongue) } catch { /* as above */ }
  name_all()
  draw()
})
/** Parts of an answer as sentences of the chosen language. */
function sentences(...parts) {
  const whole = parts.filter(Boolean).map((one) => one[0].toUpperCase() + one.slice(1).replace(/[.。]$/, ''))
  return whole.map((one) => one + (tongue === 'zh' ? '。' : '.')).join(tongue === 'zh' ? '' : ' ')
}
/** An answer, or `problem`: what the server says in the chosen language; offline where it cannot be reached. */
async function ask(method, path, body, key = '') {
  const headers = { 'accept-language': tongue }
  if (body !== undefined) headers['content-type'] = 'application/json'
  if (key) headers.authorization = `Bearer ${key}`
  try {
    const answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) })
    const told = await answer.json().catch(() => ({}))
    if (answer.ok) return { told }
    const own = 'e_' + told.code // where a page has words of its own, as a box that speaks one language
    return { status: answer.status, code: told.code || '', problem: own in WORDS ? say(own) : sentences(told.detail, told.advice) || String(answer.status) }
  } catch { return { status: 0, code: 'offline', problem: say('offline') } }
}
const when = (text) => new Date(text).toLocaleString(tongue === 'zh' ? 'zh-CN' : 'en-GB', { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' })
function make(tag, text, more = {}) {
  const one = document.createElement(tag)
  one.textContent = text
  Object.assign(one, more)
  return one
}
