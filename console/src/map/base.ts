// The layers of the base map, drawn from our own tiles in the colours of the theme; figures and names lie between and above.
import type { LayerSpecification, Map as MapType, SourceSpecification } from 'maplibre-gl'
import type { BaseMap } from '../api/client'
import { token } from '../lib/theme.svelte'

export const FONTS = ['Noto Sans', 'Noto Sans CJK SC', 'sans-serif']
const SOURCE = 'base'
const DOT_STRENGTH = ['case', ['has', 'unopened'], 0.25, 0.9] // a station that is planned or being built is paler
/** Groups of kinds of places: one switch and one colour each. */
export const GROUPS = {
  health: { kinds: ['hospital', 'clinic', 'medical', 'disease_control', 'pharmacy', 'care_home'], colour: 'health', sign: '+' },
  school: { kinds: ['kindergarten', 'primary', 'secondary', 'school', 'university'], colour: 'school', sign: 'S' },
  metro: { kinds: ['metro_station', 'station'], colour: 'transit', sign: 'M' },
  safety: { kinds: ['fire_station', 'police'], colour: 'safety', sign: '!' },
  bus: { kinds: ['bus_stop', 'bus_station'], colour: 'transit', sign: 'B' },
} as const
export type Group = keyof typeof GROUPS
/** From which zoom on a group's dots are drawn. */
export const dotsFrom = (group: Group): number => (group === 'bus' ? 11 : group === 'metro' ? 7 : 9)
export const groupLayers = (group: Group): string[] => [`place-${group}`, `place-${group}-name`]

/** How strong a group of places is drawn; undefined as the style says it. */
export function fadeGroup(map: MapType, group: Group, strength?: number): void {
  const [dots, names] = groupLayers(group) as [string, string]
  map.setPaintProperty(dots, 'circle-opacity', strength ?? (DOT_STRENGTH as never))
  map.setPaintProperty(dots, 'circle-stroke-opacity', strength)
  map.setPaintProperty(names, 'text-opacity', strength)
}

export function sourceOf(base: BaseMap): SourceSpecification {
  return { type: 'vector', tiles: [`${location.origin}/v1/map/tiles/{z}/{x}/{y}?v=${base.version}`], minzoom: base.min_zoom, maxzoom: base.max_zoom, bounds: base.bounds as [number, number, number, number] }
}

type Spec = Record<string, unknown>
const layer = (id: string, type: string, from: string, paint: Spec, more: Spec = {}): LayerSpecification => ({ id, type, source: SOURCE, 'source-layer': from, paint, ...more }) as unknown as LayerSpecification
const byZoom = (...stops: number[]): unknown => ['interpolate', ['exponential', 1.5], ['zoom'], ...stops]
/** Classes of roads from below to above, each with its width in pixels at ROAD_ZOOMS. */
const ROADS = { path: [0.2, 0.4, 0.9, 3], service: [0.2, 0.4, 1.2, 7], street: [0.3, 0.5, 2.2, 14], tertiary: [0.4, 0.9, 3, 17], secondary: [0.6, 1.3, 4, 20], primary: [0.8, 1.8, 5, 22], motorway: [1.1, 2.2, 6, 24] } as const
const ROAD_ZOOMS = [8, 11, 14, 18] as const
const CLASSES = Object.keys(ROADS) as (keyof typeof ROADS)[]
/** How wide a road is drawn: by its class and by zoom, with so much more for its edge. */
const roadWidth = (more: number): unknown => byZoomOf((at) => ['match', ['get', 'class'], ...CLASSES.flatMap((name) => [name, ROADS[name][at]! + (name === 'path' ? 0 : more)]), 1])
const byZoomOf = (value: (at: number) => unknown): unknown => ['interpolate', ['exponential', 1.5], ['zoom'], ...ROAD_ZOOMS.flatMap((zoom, n) => [zoom, value(n)])]

/** Below the areas' colours: land, water, green. */
export const groundLayers = (): LayerSpecification[] => [
  layer('base-land', 'fill', 'area', { 'fill-color': token('land') }, { filter: ['==', ['get', 'depth'], 1] }),
  layer('base-green', 'fill', 'green', { 'fill-color': token('green') }),
  layer('base-water', 'fill', 'water', { 'fill-color': token('sea') }),
  layer('base-waterway', 'line', 'waterway', { 'line-color': token('sea'), 'line-width': byZoom(8, 0.8, 14, 3) }),
]

/** Above the areas' colours: what a person finds the way by. */
export function wayLayers(): LayerSpecification[] {
  const laid = { 'line-cap': 'round', 'line-join': 'round', 'line-sort-key': ['match', ['get', 'class'], ...CLASSES.flatMap((name, n) => [name, n]), 0] }
  const road = (id: string, paint: Spec): LayerSpecification => layer(id, 'line', 'road', paint, { layout: laid }) // alike but for their paint: the shapes are made once for both
  const faint = ['case', ['has', 'tunnel'], 0.45, 1]
  const noPath = ['case', ['==', ['get', 'class'], 'path'], 0, faint] // from afar a path is a row of dots
  const strength = ['step', ['zoom'], noPath, 14.2, faint]
  return [
    layer('base-building', 'fill', 'building', { 'fill-color': token('house'), 'fill-outline-color': token('road-edge'), 'fill-opacity': 0.85 }, { minzoom: 13 }),
    // one colour said by class, as below: both are drawn by one program, which takes the software longer to compile than to run
    road('base-road-edge', { 'line-color': ['match', ['get', 'class'], 'path', token('road-edge'), token('road-edge')], 'line-width': roadWidth(1.4), 'line-opacity': ['step', ['zoom'], 0, 9.5, noPath, 14.2, faint] }),
    road('base-road', { 'line-color': ['match', ['get', 'class'], 'path', token('road-edge'), ['primary', 'motorway'], token('road-major'), token('road')], 'line-width': roadWidth(0), 'line-opacity': strength }),
    layer('base-rail', 'line', 'rail', { 'line-color': token('rail'), 'line-width': byZoom(8, 0.8, 14, 2), 'line-dasharray': [3, 2] }),
    layer('base-transit', 'line', 'transit_line', { 'line-color': token('transit'), 'line-width': byZoom(7, 0.9, 11, 2.2, 14, 3.5), 'line-opacity': ['interpolate', ['linear'], ['zoom'], 12, 0.7, 14, 0.3] }, { layout: { 'line-cap': 'round', 'line-join': 'round' } }),
    layer('base-cell', 'line', 'cell', { 'line-color': token('border'), 'line-width': 0.9, 'line-dasharray': [3, 2], 'line-opacity': 0.7 }, { filter: ['==', ['get', 'depth'], 2], minzoom: 8.7 }),
    layer('base-border-2', 'line', 'area', { 'line-color': token('border'), 'line-width': 0.6, 'line-dasharray': [4, 2], 'line-opacity': 0.5 }, { filter: ['>', ['get', 'depth'], 1], minzoom: 12.5 }),
    layer('base-border', 'line', 'area', { 'line-color': token('border'), 'line-width': byZoom(7, 0.8, 14, 2) }, { filter: ['==', ['get', 'depth'], 1] }),
  ]
}

const SEEDED = ['case', ['has', 'seeded'], 0.75, 1] // a name whose place no source tells is paler
/** Names of roads, smaller areas and places; the language's own name first. */
export function nameLayers(language: string): LayerSpecification[] {
  const local = language === 'zh' ? ['coalesce', ['get', 'name_zh'], ['get', 'name'], ''] : ['coalesce', ['get', 'name_en'], ['get', 'name'], '']
  const halo = { 'text-color': token('text-2'), 'text-halo-color': token('land'), 'text-halo-width': 1.3 }
  const text = (size: unknown, more: Spec = {}): Spec => ({ 'text-field': local, 'text-font': FONTS, 'text-size': size, 'text-padding': 4, ...more })
  return [
    layer('base-road-name', 'symbol', 'road', halo, { minzoom: 13, filter: ['has', 'name'], layout: text(11, { 'symbol-placement': 'line', 'symbol-spacing': 320 }) }),
    layer('base-transit-name', 'symbol', 'transit_line', { 'text-color': token('transit'), 'text-halo-color': token('surface'), 'text-halo-width': 1.6 }, { minzoom: 9.5, layout: { 'text-field': ['get', 'ref'], 'text-font': FONTS, 'text-size': 11, 'symbol-placement': 'line', 'symbol-spacing': 260, 'text-rotation-alignment': 'viewport' } }),
    // what stands later is placed first: the larger area's name before those within it
    layer('base-leaf-name', 'symbol', 'area_name', { ...halo, 'text-color': token('text-3'), 'text-opacity': SEEDED }, { minzoom: 14, filter: ['>', ['get', 'depth'], 2], layout: text(11, { 'text-max-width': 6 }) }),
    layer('base-cell-name', 'symbol', 'area_name', { ...halo, 'text-color': token('text-2'), 'text-opacity': SEEDED }, { minzoom: 10.5, filter: ['==', ['get', 'depth'], 2], layout: text(['interpolate', ['linear'], ['zoom'], 10, 10, 14, 14], { 'text-max-width': 7 }) }),
    layer('base-place-name', 'symbol', 'place_name', { ...halo, 'text-color': token('text') }, { layout: text(['match', ['get', 'class'], 'city', 16, 'town', 14, 12], { 'symbol-sort-key': ['match', ['get', 'class'], 'city', 0, 'town', 1, 2] }) }),
  ]
}

/** Places as dots in the colour of their group, with a sign near by and the name nearer. */
export function placeLayers(language: string, shown: readonly Group[]): LayerSpecification[] {
  return (Object.keys(GROUPS) as Group[]).reverse().flatMap((group) => {
    const { kinds, colour, sign } = GROUPS[group]
    const filter = ['in', ['get', 'kind'], ['literal', kinds]]
    const large = group === 'metro' || group === 'health' ? 1.25 : 1
    const visibility = shown.includes(group) ? 'visible' : 'none' // said at once: to turn a layer on later is to read every tile again
    return [
      layer(`place-${group}`, 'circle', 'place', { 'circle-color': token(colour), 'circle-radius': ['interpolate', ['exponential', 1.4], ['zoom'], 8, 1.5 * large, 11, 2.2 * large, 13, 3.5 * large, 16, 8 * large], 'circle-stroke-color': token('surface'), 'circle-stroke-width': ['interpolate', ['linear'], ['zoom'], 10, 0.3, 14, 1.2], 'circle-opacity': DOT_STRENGTH }, { filter, minzoom: dotsFrom(group), layout: { visibility } }),
      layer(`place-${group}-name`, 'symbol', 'place', { 'text-color': token(colour), 'text-halo-color': token('surface'), 'text-halo-width': 1.4 }, {
        filter, minzoom: group === 'metro' ? 11.5 : 14.5,
        layout: { visibility, 'text-field': ['step', ['zoom'], ['coalesce', ['get', language === 'zh' ? 'name_zh' : 'name_en'], ['get', 'name'], sign], 24, sign], 'text-font': FONTS, 'text-size': 11, 'text-offset': [0, 0.9], 'text-anchor': 'top', 'text-max-width': 8, 'text-optional': true },
      }),
    ]
  })
}
