// The style of the map: our own areas are the base map; nothing is fetched from anywhere.
import type { StyleSpecification } from 'maplibre-gl'
import type { BaseMap } from '../api/client'
import { token } from '../lib/theme.svelte'
import { areaOf, type Point } from './measure'
import { FONTS, groundLayers, nameLayers, placeLayers, sourceOf, wayLayers, type Group } from './base'

export const GROUPS_FIRST: readonly Group[] = ['metro', 'health']
const OVER_MAP = 0.62 // how strong an area's colour is over the map

/** The whole style in the colours of the present theme: the base map, where there is one, under and between the figures; `plain`: no figures. */
export function styleOf(shapes: GeoJSON.FeatureCollection, base: BaseMap | null, language: string, shown: readonly Group[] = GROUPS_FIRST, plain = false): StyleSpecification {
  const drawn = base?.available ?? false
  const top = { type: 'FeatureCollection' as const, features: shapes.features.filter((one) => one.properties?.depth === 1) }
  return {
    version: 8,
    transition: { duration: 0, delay: 0 }, // a colour that changes slowly is the whole map drawn many times
    sources: {
      areas: { type: 'geojson', data: top, promoteId: 'code' },
      labels: { type: 'geojson', data: { type: 'FeatureCollection', features: [] } },
      ...(base && drawn ? { base: sourceOf(base) } : {}),
    },
    layers: [
      { id: 'ground', type: 'background', paint: { 'background-color': token(drawn ? (base?.layers.water ? 'land' : 'beyond') : 'water') } },
      ...(drawn ? groundLayers() : []),
      ...(plain ? [] : [{ id: 'fill', type: 'fill' as const, source: 'areas', filter: ['==', ['geometry-type'], 'Polygon'] as never, paint: { 'fill-color': painted(), 'fill-antialias': true, 'fill-opacity': drawn ? overMap() : 1 } }]),
      ...(drawn ? wayLayers() : []),
      { id: 'line', type: 'line', source: 'areas', filter: ['==', ['geometry-type'], 'Polygon'], paint: { 'line-color': token(drawn ? 'border' : 'surface'), 'line-width': drawn ? 1 : 1.2 } },
      { id: 'dots', type: 'circle', source: 'areas', filter: ['==', ['geometry-type'], 'Point'], paint: { 'circle-color': painted(), 'circle-radius': 12, 'circle-stroke-color': token('line-strong'), 'circle-stroke-width': 1 } },
      { id: 'chosen', type: 'line', source: 'areas', filter: ['==', ['get', 'code'], ''], paint: { 'line-color': token('text'), 'line-width': 2.5 } },
      ...(drawn ? [...placeLayers(language, shown), ...nameLayers(language)] : []),
      {
        id: 'names', type: 'symbol', source: 'labels',
        layout: { 'text-field': ['get', 'text'], 'text-font': FONTS, 'text-size': ['interpolate', ['linear'], ['zoom'], 7, 11, 11, 15], 'symbol-sort-key': ['get', 'rank'], 'text-padding': 1, 'text-variable-anchor-offset': ['center', [0, 0], 'right', [1, 0], 'left', [-1, 0], 'top', [0, -0.5], 'bottom', [0, 0.5]], 'text-line-height': 1.15 },
        paint: drawn
          ? { 'text-color': token('text'), 'text-halo-color': token('surface'), 'text-halo-width': 1.6 }
          : { 'text-color': onRamp('text'), 'text-halo-color': onRamp('halo'), 'text-halo-width': 1.4 },
      },
    ],
  }
}

/** An area without a figure shows the map as it is; the nearer, the more of the city shows through. */
function overMap(): never {
  const some = (strength: number): unknown => ['case', ['==', ['to-number', ['feature-state', 'ramp'], 0], 0], 0.12, strength]
  return ['interpolate', ['linear'], ['zoom'], 10, some(OVER_MAP), 15, some(OVER_MAP / 3)] as never
}

function painted(): never {
  const cases = [1, 2, 3, 4, 5].flatMap((n) => [n, token(`ramp-${n}`)])
  return ['match', ['to-number', ['feature-state', 'ramp'], 0], ...cases, token('ramp-0')] as never
}

/** Names stay readable on the dark half of the ramp: the text turns with the ground. */
function onRamp(part: 'text' | 'halo'): never {
  const light = ['text', 'ramp-0']
  const dark = ['on-ramp', 'ramp-4']
  const [below, above] = part === 'text' ? [light[0], dark[0]] : [light[1], dark[1]]
  return ['step', ['get', 'ramp'], token(below ?? ''), 3, token(above ?? '')] as never
}

/** About how large an outline is, to name the larger first. */
export function sizeOf(shape: GeoJSON.Geometry): number {
  const rings = shape.type === 'Polygon' ? [shape.coordinates[0]!] : shape.type === 'MultiPolygon' ? shape.coordinates.map((one) => one[0]!) : []
  return Math.max(0, ...rings.map((ring) => areaOf(ring as Point[])))
}

/** Where everything lies. */
export function boundsOf(shapes: GeoJSON.FeatureCollection): [[number, number], [number, number]] | null {
  let [west, south, east, north] = [180, 90, -180, -90]
  const take = (part: unknown): void => {
    if (!Array.isArray(part)) return
    const [lon, lat] = part as unknown[]
    if (typeof lon === 'number' && typeof lat === 'number') {
      west = Math.min(west, lon); east = Math.max(east, lon); south = Math.min(south, lat); north = Math.max(north, lat)
    } else part.forEach(take)
  }
  for (const one of shapes.features) if (one.properties?.depth === 1 && 'coordinates' in one.geometry) take(one.geometry.coordinates)
  return west < east ? [[west, south], [east, north]] : null
}
