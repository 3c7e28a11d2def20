// Serves a page that was opened once, and the newest lists, without a network; a pass is kept by its own page.
const NAME = 'twinward-pass-2'
const SETS = [[/pass\.html/, ['pass.html', 'pass.js', 'qr.js', 'verify.js']], [/public\.html/, ['public.html', 'public.js', 'public.json', 'statistics.json']], [/./, ['./', 'index.html', 'page.js', 'verify.js', 'trust.json', 'lists/index.json']]]
async function install() {
  const pages = await self.clients.matchAll({ includeUncontrolled: true, type: 'window' }), cache = await caches.open(NAME)
  const wanted = new Set(pages.flatMap((page) => SETS.find(([address]) => address.test(page.url))[1]))
  await Promise.allSettled([...wanted].map((one) => cache.add(one)))
  await self.skipWaiting()
}
self.addEventListener('install', (event) => event.waitUntil(install()))
self.addEventListener('activate', (event) => event.waitUntil(caches.keys().then((names) => Promise.all(names.filter((one) => one !== NAME).map((one) => caches.delete(one)))).then(() => self.clients.claim())))
self.addEventListener('fetch', (event) => {
  const path = new URL(event.request.url).pathname
  if (event.request.method !== 'GET' || /\/[pb]\//.test(path)) return
  event.respondWith(fetch(event.request).then((answer) => {
    if (answer.ok) { const copy = answer.clone(); caches.open(NAME).then((cache) => cache.put(event.request, copy)) }
    return answer
  }).catch(() => caches.match(event.request, { ignoreSearch: true }).then((found) => found || Response.error())))
})
