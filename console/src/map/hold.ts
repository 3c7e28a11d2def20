// A map in a box of the page: the city's areas and its base map, in the colours of the theme; nothing is fetched from anywhere else.
import type { Map as MapType, MapSourceDataEvent, PaddingOptions } from 'maplibre-gl'
import { mapHeaders, type BaseMap } from '../api/client'
import { painted } from '../lib/paint'
import { area, t, words } from '../lib/words.svelte'
import { FONTS, type Group } from './base'
import { readGround } from './ground'
import { readLibrary } from './library'
import { boundsOf, GROUPS_FIRST, styleOf } from './paint'

const LATIN = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPRSTUV éè-'
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
  hideSky(made)
  warmLetters(made, shapes)
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

const LEVEL = 45 // degrees; from there on up the horizon may come into sight

/** The library paints a sky behind every picture, pixel by pixel, though a map looked at from above covers it all: half of what a frame costs in software. */
function hideSky(made: MapType): void {
  const { sky } = made.painter.drawFunctions
  made.painter.drawFunctions = { ...made.painter.drawFunctions, sky: (...given) => { if (made.getPitch() > LEVEL) sky(...given) } }
}

/** Draws the letters of the first names as soon as the first tiles are asked for: fonts, the Chinese above all, are read and letters are there before a tile waits for them. */
function warmLetters(made: MapType, shapes: GeoJSON.FeatureCollection): void {
  const begin = (event: MapSourceDataEvent): void => {
    if (!event.tile) return
    made.off('sourcedataloading', begin)
    const names = shapes.features.filter((one) => one.properties?.depth === 1).slice(0, MOST_NAMES).map((one) => area(String(one.properties?.name))).join('')
    const letters = new Set(/[a-z]/.test(names) ? LATIN + names : names)
    setTimeout(() => void made.style?.glyphManager.getGlyphs({ [FONTS.join(',')]: { default: [...letters] } }).catch(() => undefined))
  }
  made.on('sourcedataloading', begin)
}
