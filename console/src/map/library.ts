// The library that draws maps, with its worker: read once, and early where the map is what a page is for.
export type Library = typeof import('maplibre-gl')

let library: Promise<Library> | null = null

/** The worker begins as soon as the library is there: it reads itself in while the page asks for what is to be drawn. */
export const readLibrary = (): Promise<Library> => (library ??= Promise.all([import('maplibre-gl'), import('maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url'), import('maplibre-gl/dist/maplibre-gl.css')])
  .then(([read, worker]) => {
    read.setWorkerUrl(worker.default)
    read.prewarm()
    return read
  })
  .catch((problem: unknown) => { library = null; throw problem }))
