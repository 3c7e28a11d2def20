// Serves the page and the newest lists without a network.
const NAME = 'twinward-pass-1', PAGE = ['./', 'index.html', 'page.js', 'verify.js', 'trust.json', 'lists/index.json']
self.addEventListener('install', (event) => event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(PAGE)).then(() => self.skipWaiting())))
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))
self.addEventListener('fetch', (event) => {
  const path = new URL(event.request.url).pathname
  if (event.request.method !== 'GET' || /\/p\//.test(path)) return
  event.respondWith(fetch(event.request).then((answer) => {
    if (answer.ok) { const copy = answer.clone(); caches.open(NAME).then((cache) => cache.put(event.request, copy)) }
    return answer
  }).catch(() => caches.match(event.request, { ignoreSearch: true }).then((found) => found || Response.error())))
})
