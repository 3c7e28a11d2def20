// Keeps the courier's page on the telephone, nothing else: no answer of the centre, no parcel, no code.
'use strict'
const KEPT = 'twinward.courier.page'
const PAGE = '/courier'
const PATIENCE_MS = 4000
self.addEventListener('install', (event) => event.waitUntil(caches.open(KEPT).then((kept) => kept.add(PAGE)).then(() => self.skipWaiting())))
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))
self.addEventListener('fetch', (event) => {
  if (event.request.mode === 'navigate' && new URL(event.request.url).pathname === PAGE) event.respondWith(newest(event.request))
})
/** The page as the centre has it now, or as it was seen last. */
async function newest(request) {
  const kept = await caches.open(KEPT)
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) })
    if (answer.ok) await kept.put(PAGE, answer.clone())
    return answer
  } catch {
    return (await kept.match(PAGE)) || Response.error()
  }
}
