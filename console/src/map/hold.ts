// A map in a box of the page: the city's areas and its base map, in the colours of the theme; nothing is fetched from anywhere else.
import type { Map as MapType, PaddingOptions } from 'maplibre-gl'
import { getBaseMap, getShapes, mapHeaders, type BaseMap } from '../api/client'
import { painted } from '../lib/paint'
import { t, words } from '../lib/words.svelte'
import { boundsOf, styleOf } from './paint'

export interface Held { made: MapType | null; shapes: GeoJSON.FeatureCollection; base: BaseMap | null }

/** `made` is null for a city without outlines; the caller takes the map away when it goes. `turns`: it may be tilted, and its picture printed. */
export async function holdMap(holder: HTMLDivElement, padding: () => PaddingOptions, turns = false): Promise<Held> {
  const shaped = getShapes()
  await painted()
  const [library, worker, shapes, base] = await Promise.all([import('maplibre-gl'), import('maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url'), shaped, getBaseMap().catch(() => null), import('maplibre-gl/dist/maplibre-gl.css')])
  const bounds = boundsOf(shapes)
  if (!bounds) return { made: null, shapes, base }
  library.setWorkerUrl(worker.default)
  const made = new library.Map({
    container: holder, style: styleOf(shapes, base, words.language), bounds,
    transformRequest: (url) => (url.includes('/v1/') ? { url, headers: mapHeaders() } : { url }), fitBoundsOptions: { padding: padding() }, attributionControl: false,
    dragRotate: turns, pitchWithRotate: turns, touchPitch: turns, renderWorldCopies: false, maxZoom: turns ? 19 : 17, maxPitch: turns ? 75 : 0,
    locale: { 'Map.Title': t('map.label') },
  })
  if (!turns) made.touchZoomRotate.disableRotation()
  return { made, shapes, base }
}
