// The shape of the ground under the map: shadows from our own tiles of heights, where the city was built with elevation.
import type { Map as MapType } from 'maplibre-gl'
import type { BaseMap } from '../api/client'

const MOST_ZOOM = 13
interface WithTerrain { terrain_bounds?: number[]; version?: string }

export const hasRelief = (base: BaseMap): boolean => ((base as WithTerrain).terrain_bounds ?? []).length === 4

/** Adds the relief under roads and names; a style that has it is left as it is. */
export function addRelief(map: MapType, base: BaseMap, dark: boolean): void {
  if (map.getSource('ground-height')) return
  const { terrain_bounds: bounds, version } = base as WithTerrain
  map.addSource('ground-height', { type: 'raster-dem', tiles: [`${location.origin}/v1/map/terrain/{z}/{x}/{y}?v=${version ?? ''}`], encoding: 'terrarium', tileSize: 256, maxzoom: MOST_ZOOM, bounds: bounds as [number, number, number, number] })
  const below = ['base-waterway', 'base-road-edge', 'fill', 'line'].find((id) => map.getLayer(id))
  map.addLayer({ id: 'relief', type: 'hillshade', source: 'ground-height', paint: { 'hillshade-exaggeration': 0.8, 'hillshade-shadow-color': dark ? '#000000' : '#5a4a32', 'hillshade-highlight-color': dark ? '#3a4250' : '#ffffff', 'hillshade-accent-color': dark ? '#101418' : '#8a7a5a' } }, below)
}
