// The public page without the core: what was published last, and how old it is.
const $ = (id) => document.getElementById(id)
const MEASURES = { contact_tracing: 'Contact tracing · 流调', mass_testing: 'Testing of residents · 全员检测', school_closure: 'Schools teach at home · 学校居家教学', gathering_limit: 'Limits on gatherings · 限制聚集', area_lockdown: 'Residents stay at home · 居民居家', lockdown: 'Residents stay at home · 居民居家', road_closure: 'Roads closed · 道路封闭', evacuation: 'Area to be left · 撤离', shelter_in_place: 'Stay indoors, shut windows · 室内避险，关闭门窗', quarantine: 'Quarantine · 隔离', household_quarantine: 'Quarantine of households · 居家隔离', case_isolation: 'Isolation of cases · 病例隔离', workplace_closure: 'Work from home · 居家办公', distancing: 'Distancing · 保持距离', travel_restriction: 'Limits on travel · 出行限制', masks: 'Masks · 佩戴口罩', vaccination: 'Vaccination · 接种' }
const NAMES = { restricted: 'Restricted · 受限', advice: 'Advice only · 仅建议', objections_open: 'Objections open · 未答复异议', objections_overdue: 'Objections overdue · 逾期异议', upheld: 'Objections upheld · 异议成立', rejected: 'Objections rejected · 异议驳回' }
const shown = (count) => (count === null ? 'few · 少量' : String(count))
const clock = (at) => new Date(at).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' })
const items = (id, rows, none) => $(id).replaceChildren(...(rows.length ? rows : [none]).map((text) => Object.assign(document.createElement('li'), { textContent: text })))
const cell = (text, n) => Object.assign(document.createElement('td'), { textContent: text, className: n ? 'n' : '' })

async function load() {
  try {
    const [page, counts] = await Promise.all(['public.json', 'statistics.json'].map(async (path) => (await fetch(path, { redirect: 'error' })).json()))
    const age = Math.max(0, (Date.now() - Date.parse(page.as_of)) / 3600000)
    $('age').textContent = `As of · 截至 ${clock(page.as_of)}${age > 2 ? ` — ${Math.floor(age)} h old; the centre may be off, what hangs at the door and is on the radio counts · 数据较旧，以现场公告和广播为准` : ''}`
    $('age').className = age > 2 ? 'old' : ''
    items('messages', page.messages.map((one) => `${one.area_name}, ${clock(one.sent_at)}: ${one.text}`), 'None · 无')
    items('measures', page.measures.map((one) => MEASURES[one] || one.replaceAll('_', ' ')), 'None · 无')
    $('areas').replaceChildren(...page.areas.map((row) => {
      const line = document.createElement('tr')
      line.append(cell(row.name), cell(shown(row.new_7d), true), cell(row.level || '–'), cell(row.restricted ? 'yes · 有' : 'no · 无'))
      return line
    }))
    $('note').textContent = `Counts below ${page.k} are not told. 小于 ${page.k} 的数不公布。`
    items('statistics', Object.entries(NAMES).map(([name, word]) => `${word}: ${shown(counts[name])}`), '')
  } catch { $('age').textContent = 'No network; ask at a street office · 无网络，请询问街道窗口'; $('age').className = 'old' }
  setTimeout(load, (600 + Math.random() * 600) * 1000)
}
load()
