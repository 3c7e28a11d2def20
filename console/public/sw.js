// Keeps the pages of the console on the device, so that an officer's tasks open without a network.
// Answers of the API are never kept here: what a page may show offline it keeps itself.
const SHELF = 'twinward-1'

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(SHELF).then((shelf) => shelf.add('/')).then(() => self.skipWaiting()))
})

self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))

self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url)
  if (event.request.method !== 'GET' || url.origin !== location.origin) return
  if (/^\/(v1|docs|openapi|health)/.test(url.pathname)) return
  const kept = url.pathname.startsWith('/assets/')
  event.respondWith(kept ? shelfFirst(event.request) : networkFirst(event.request))
})

async function shelfFirst(request) {
  const shelf = await caches.open(SHELF)
  return (await shelf.match(request)) ?? keep(shelf, request)
}

async function networkFirst(request) {
  const shelf = await caches.open(SHELF)
  try {
    return await keep(shelf, request)
  } catch (error) {
    const found = (await shelf.match(request)) ?? (request.mode === 'navigate' ? await shelf.match('/') : undefined)
    if (found) return found
    throw error
  }
}

async function keep(shelf, request) {
  const response = await fetch(request)
  if (response.ok) await shelf.put(request, response.clone())
  return response
}
