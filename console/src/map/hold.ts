// A map in a box of the page: the city's areas and its base map, in the colours of the theme; nothing is fetched from anywhere else.
import type { Map as MapType, PaddingOptions } from 'maplibre-gl'
import { mapHeaders, type BaseMap } from '../api/client'
import { painted } from '../lib/paint'
import { t, words } from '../lib/words.svelte'
import { FONTS, type Group } from './base'
import { readGround } from './ground'
import { readLibrary } from './library'
import { boundsOf, GROUPS_FIRST, styleOf } from './paint'

const LETTER_PX = 48 // the size at which the library draws them
const MOST_NAMES = 60

export interface Held { made: MapType | null; shapes: GeoJSON.FeatureCollection; base: BaseMap | null }

/** `made` is null for a city without outlines; the caller takes the map away when it goes. `turns`: it may be tilted, and its picture printed. */
export async function holdMap(holder: HTMLDivElement, padding: () => PaddingOptions, turns = false, shown: readonly Group[] = GROUPS_FIRST): Promise<Held> {
  const told = readGround()
  if (!turns) await painted()
  const [[shapes, base], library] = await Promise.all([told, readLibrary()])
  const bounds = boundsOf(shapes)
  if (!bounds) return { made: null, shapes, base }
  const made = new library.Map({
    container: holder, style: styleOf(shapes, base, words.language, shown, turns), bounds,
    transformRequest: (url) => (url.includes('/v1/') ? { url, headers: mapHeaders() } : { url }), fitBoundsOptions: { padding: padding() }, attributionControl: false,
    dragRotate: turns, pitchWithRotate: turns, touchPitch: turns, renderWorldCopies: false, maxZoom: turns ? 19 : 17, maxPitch: turns ? 75 : 0, fadeDuration: 0, validateStyle: false, refreshExpiredTiles: false,
    locale: { 'Map.Title': t('map.label') },
  })
  drawWhole(made)
  setTimeout(() => warmLetters(shapes)) // while the first tiles are read
  if (!turns) made.touchZoomRotate.disableRotation()
  return { made, shapes, base }
}

/** Until everything is there the map lies under its note: what nobody sees is not drawn, and the first picture is the whole one. */
function drawWhole(made: MapType): void {
  const painter = made.painter
  const draw = painter.render
  painter.render = (...given) => {
    if (!made.loaded()) return
    painter.render = draw
    draw.apply(painter, given)
  }
}

/** Draws the letters of the areas' names where nobody sees them: fonts, the Chinese above all, are read before the map waits for them. */
function warmLetters(shapes: GeoJSON.FeatureCollection): void {
  const brush = new OffscreenCanvas(64, 64).getContext('2d', { willReadFrequently: true })
  if (!brush) return
  brush.font = `normal 400 ${LETTER_PX}px ${FONTS.map((one) => (one.includes(' ') ? `'${one}'` : one)).join(', ')}`
  const names = shapes.features.filter((one) => one.properties?.depth === 1).slice(0, MOST_NAMES)
  for (const letter of new Set(names.map((one) => String(one.properties?.name)).join(''))) brush.fillText(letter, 8, 56)
}
