// Draws an instant over the map: water, plume, fire, people counted, vehicles, orders of a rehearsal. What is drawn here is what the table lists.
import type { GeoJSONSource, LayerSpecification, Map as MapType } from 'maplibre-gl'
import { LEVEL_COLOURS } from '../lib/hazards'
import { token } from '../lib/theme.svelte'
import { FONTS } from '../map/base'
import type { MomentCount, MomentVehicle, RehearsalOrder } from '../lib/city'
import type { Spoken } from './moment'

const HAZARDS = { flood: { least: 0, tall: 1 }, chemical: { least: 25, tall: 0 }, fire: { least: 12, tall: 0 }, earthquake: { least: 1, tall: 0 } } as const // heights of plume and fire are the picture's own
const DISC = 24
const M_PER_DEGREE = 111_320
const NONE: GeoJSON.FeatureCollection = { type: 'FeatureCollection', features: [] }
const LEVEL = ['match', ['get', 'level'], ...LEVEL_COLOURS.flatMap((one, n) => [n + 1, one]), LEVEL_COLOURS[0]!] as never

/** What moves; vehicles null: they stay as they were given last. */
export interface Moving { crowd: readonly MomentCount[]; vehicles: readonly MomentVehicle[] | null; orders: readonly RehearsalOrder[]; few: string }

/** A disc about the point of an area that has no outline: as far as half way to the nearest other. */
function discOf(lon: number, lat: number, radius: number): GeoJSON.Polygon {
  const wide = radius / M_PER_DEGREE / Math.cos((lat * Math.PI) / 180)
  const ring = Array.from({ length: DISC + 1 }, (_, n): [number, number] => [lon + wide * Math.cos((n / DISC) * 2 * Math.PI), lat + (radius / M_PER_DEGREE) * Math.sin((n / DISC) * 2 * Math.PI)])
  return { type: 'Polygon', coordinates: [ring] }
}

export class Painter {
  #map: MapType
  #outlines: Map<string, GeoJSON.Geometry>
  #radius = new Map<string, number>()

  constructor(map: MapType, shapes: GeoJSON.FeatureCollection) {
    this.#map = map
    this.#outlines = new Map(shapes.features.filter((one) => one.geometry.type !== 'Point').map((one) => [String(one.properties?.code), one.geometry]))
  }

  /** Draws it; whether anything is other than before. */
  show(spoken: readonly Spoken[], moving: Moving): boolean {
    const before = this.#changes
    for (const hazard of Object.keys(HAZARDS) as (keyof typeof HAZARDS)[]) {
      const one = spoken.find((other) => other.line.hazard === hazard)
      this.#set(`scene-${hazard}`, one ? this.#areas(one, hazard) : NONE, () => this.#hazardLayers(hazard))
    }
    this.#set('scene-crowd', points(moving.crowd, (one) => ({ id: one.place, persons: one.persons ?? 0, place: [one.lon, one.lat], text: one.persons === null ? moving.few : String(one.persons) })), crowdLayers)
    if (moving.vehicles) this.move(moving.vehicles)
    this.#set('scene-orders', points(moving.orders.filter((one) => one.lon !== null), (one) => ({ id: String(one.offset_s), text: one.title })), orderLayers)
    return this.#changes > before
  }

  /** Vehicles alone, which move between two instants; whether any did. */
  move(vehicles: readonly MomentVehicle[]): boolean {
    const before = this.#changes
    this.#set('scene-vehicles', points(vehicles, (one) => ({ id: one.vehicle, held: one.held, planned: one.planned, place: [one.lon, one.lat] })), vehicleLayers)
    return this.#changes > before
  }

  /** The ids of what the map itself was given: what the table is held against. */
  drawn(): Record<string, string[]> {
    const found: Record<string, string[]> = {}
    for (const name of [...Object.keys(HAZARDS), 'crowd', 'vehicles', 'orders']) {
      const data = this.#given.get(`scene-${name}`)
      if (data?.features.length) found[name] = data.features.map((one) => String(one.properties?.['id']))
    }
    return found
  }
  /** Whether the last that was given is what the next picture shows. */
  settled(): boolean {
    return [...this.#given.keys()].every((name) => !this.#map.getSource(name) || this.#map.isSourceLoaded(name))
  }
  #given = new Map<string, GeoJSON.FeatureCollection>()
  #signs = new Map<string, string>()
  #changes = 0

  remove(): void {
    const map = this.#map
    if (!map.style) return
    for (const layer of map.getStyle()?.layers ?? []) if ('source' in layer && this.#given.has(layer.source)) map.removeLayer(layer.id)
    for (const name of this.#given.keys()) if (map.getSource(name)) map.removeSource(name)
  }

  #set(name: string, data: GeoJSON.FeatureCollection, layers: () => LayerSpecification[]): void {
    if (!data.features.length && !this.#given.has(name)) return
    const sign = JSON.stringify(data.features.map((one) => one.properties))
    if (this.#signs.get(name) === sign && this.#map.getSource(name)) return
    this.#signs.set(name, sign)
    this.#changes++
    this.#given.set(name, data)
    const source = this.#map.getSource<GeoJSONSource>(name)
    if (source) { source.setData(data); return }
    this.#map.addSource(name, { type: 'geojson', data })
    for (const layer of layers()) if (!this.#map.getLayer(layer.id)) this.#map.addLayer(layer)
  }

  #areas({ reached, map }: Spoken, hazard: keyof typeof HAZARDS): GeoJSON.FeatureCollection {
    const { least, tall } = HAZARDS[hazard]
    return {
      type: 'FeatureCollection',
      features: reached.map((one): GeoJSON.Feature => {
        const height = Math.max(least, Math.round(20 * tall * (one.level ? one.median : one.high)) / 20) // to five centimetres: less is not seen, and every step is drawn anew
        return { type: 'Feature', properties: { id: one.area, level: Math.max(1, one.level), sure: one.level > 0, front: one.front, height }, geometry: this.#outlines.get(one.area) ?? discOf(one.lon, one.lat, this.#spread(map.id, map.areas)) }
      }),
    }
  }

  #spread(id: string, areas: Spoken['map']['areas']): number {
    const known = this.#radius.get(id)
    if (known !== undefined) return known
    const some = areas.slice(0, 60)
    const gaps = some.map((a) => Math.min(...areas.slice(0, 400).filter((b) => b.area !== a.area).map((b) => Math.hypot((a.lon - b.lon) * Math.cos((a.lat * Math.PI) / 180), a.lat - b.lat) * M_PER_DEGREE)).valueOf()).filter((one) => one > 1 && Number.isFinite(one)).sort((a, b) => a - b)
    const radius = Math.min(600, Math.max(40, (gaps[gaps.length >> 1] ?? 200) / 2))
    this.#radius.set(id, radius)
    return radius
  }

  #hazardLayers(hazard: keyof typeof HAZARDS): LayerSpecification[] {
    const source = `scene-${hazard}`
    const colour = hazard === 'flood' ? token('sea') || '#4a90c2' : LEVEL
    const solid = (id: string, sure: boolean, opacity: number): LayerSpecification => ({ id, type: 'fill-extrusion', source, filter: ['==', ['get', 'sure'], sure], paint: { 'fill-extrusion-height': ['get', 'height'], 'fill-extrusion-color': colour, 'fill-extrusion-opacity': opacity } })
    const front: LayerSpecification = { id: `${source}-front`, type: 'line', source, filter: ['get', 'front'], paint: { 'line-color': hazard === 'fire' ? '#bd0026' : token('sea') || '#2f6f9f', 'line-width': 3 } }
    return [solid(`${source}-maybe`, false, 0.18), solid(source, true, hazard === 'flood' ? 0.6 : 0.5), ...(hazard === 'fire' ? [front] : [])]
  }
}

const points = <T extends { lon: number | null; lat: number | null }>(all: readonly T[], properties: (one: T) => Record<string, unknown>): GeoJSON.FeatureCollection => ({
  type: 'FeatureCollection', features: all.map((one) => ({ type: 'Feature', properties: properties(one), geometry: { type: 'Point', coordinates: [one.lon ?? 0, one.lat ?? 0] } })),
})
const label = (id: string, source: string, from: number): LayerSpecification => ({ id, type: 'symbol', source, minzoom: from, layout: { 'text-field': ['get', 'text'], 'text-font': FONTS, 'text-size': 12, 'text-offset': [0, 1.2], 'text-anchor': 'top' }, paint: { 'text-color': token('text'), 'text-halo-color': token('surface'), 'text-halo-width': 1.5 } })
const crowdLayers = (): LayerSpecification[] => [
  { id: 'scene-crowd', type: 'circle', source: 'scene-crowd', paint: { 'circle-radius': ['interpolate', ['linear'], ['sqrt', ['get', 'persons']], 0, 4, 45, 26], 'circle-color': '#7b3294', 'circle-opacity': 0.55, 'circle-stroke-color': token('surface'), 'circle-stroke-width': 1.5 } },
  label('scene-crowd-text', 'scene-crowd', 12),
]
const vehicleLayers = (): LayerSpecification[] => [
  { id: 'scene-vehicles', type: 'circle', source: 'scene-vehicles', paint: { 'circle-radius': 5, 'circle-color': ['case', ['get', 'planned'], token('drill-soft') || '#fff3c9', ['get', 'held'], token('surface'), token('transit') || '#1f5fa8'], 'circle-stroke-color': ['case', ['get', 'planned'], token('drill') || '#6b4e00', token('transit') || '#1f5fa8'], 'circle-stroke-width': 2 } },
]
const orderLayers = (): LayerSpecification[] => [
  { id: 'scene-orders', type: 'circle', source: 'scene-orders', paint: { 'circle-radius': 8, 'circle-color': token('drill-soft') || '#fff3c9', 'circle-stroke-color': token('drill') || '#6b4e00', 'circle-stroke-width': 3 } },
  label('scene-orders-text', 'scene-orders', 10),
]
