// Points put on the map one after another: a line to measure, or the rim of an area. By mouse, by touch, or by keys alone.
import type { GeoJSONSource, Map as MapType, MapMouseEvent } from 'maplibre-gl'
import { token } from '../lib/theme.svelte'
import { areaOf, lengthOf, type Point } from './measure'

export type Tool = 'none' | 'measure' | 'area'
const SOURCE = 'work'

export class Drawing {
  tool = $state<Tool>('none')
  points = $state<Point[]>([])
  ended = $state(false)
  readonly length = $derived(lengthOf(this.ended && this.tool === 'area' ? [...this.points, ...this.points.slice(0, 1)] : this.points))
  readonly size = $derived(this.points.length > 2 ? areaOf(this.points) : 0)
  #map: MapType
  #over: Point | null = null

  constructor(map: MapType) {
    this.#map = map
    map.on('click', this.#click)
    map.on('mousemove', this.#move)
    map.getCanvas().addEventListener('keydown', this.#key, { capture: true })
  }

  /** Puts its layers on the map with the first point, for each layer more is the whole map drawn again; a new style has none of them. */
  #attach(): void {
    const map = this.#map
    map.addSource(SOURCE, { type: 'geojson', data: this.#shape() })
    map.addLayer({ id: 'work-fill', type: 'fill', source: SOURCE, filter: ['==', ['geometry-type'], 'Polygon'], paint: { 'fill-color': token('link'), 'fill-opacity': 0.15 } })
    map.addLayer({ id: 'work-line', type: 'line', source: SOURCE, filter: ['!=', ['geometry-type'], 'Point'], paint: { 'line-color': token('link'), 'line-width': 2.5 } })
    map.addLayer({ id: 'work-points', type: 'circle', source: SOURCE, filter: ['==', ['geometry-type'], 'Point'], paint: { 'circle-color': token('surface'), 'circle-radius': 4, 'circle-stroke-color': token('link'), 'circle-stroke-width': 2 } })
  }

  begin(tool: Tool): void {
    this.tool = tool
    this.points = []
    this.ended = false
    this.#over = null
    this.#map.getCanvas().style.cursor = tool === 'none' ? '' : 'crosshair'
    if (tool === 'none') this.#map.doubleClickZoom.enable()
    else this.#map.doubleClickZoom.disable()
    this.draw()
  }

  add(point: Point): void {
    if (this.tool === 'none' || this.ended) return
    this.points = [...this.points, point]
    this.draw()
  }

  addMiddle(): void {
    const { lng, lat } = this.#map.getCenter()
    this.add([lng, lat])
  }

  undo(): void {
    this.points = this.points.slice(0, -1)
    this.ended = false
    this.draw()
  }

  /** Ends what is being drawn; too few points draw on. */
  end(): boolean {
    if (this.points.length < (this.tool === 'area' ? 3 : 2)) return false
    this.ended = true
    this.#over = null
    this.#map.getCanvas().style.cursor = ''
    this.draw()
    return true
  }

  draw(): void {
    const source = this.#map.getSource<GeoJSONSource>(SOURCE)
    if (source) source.setData(this.#shape())
    else if (this.points.length) this.#attach()
  }

  remove(): void {
    this.#map.off('click', this.#click)
    this.#map.off('mousemove', this.#move)
    this.#map.getCanvas()?.removeEventListener('keydown', this.#key, { capture: true })
  }

  #click = (event: MapMouseEvent): void => {
    if (this.tool === 'none' || this.ended) return
    const last = this.points.at(-1)
    const at: Point = [event.lngLat.lng, event.lngLat.lat]
    // a double click is the last point and the end
    if (last && Math.hypot(last[0] - at[0], last[1] - at[1]) < 1e-9) this.end()
    else if (event.originalEvent.detail > 1) this.end()
    else this.add(at)
  }

  #move = (event: MapMouseEvent): void => {
    if (this.tool === 'none' || this.ended || !this.points.length) return
    this.#over = [event.lngLat.lng, event.lngLat.lat]
    this.draw()
  }

  #key = (event: KeyboardEvent): void => {
    if (this.tool === 'none') return
    if (event.key === 'Enter') this.end()
    else if (event.key === ' ') this.addMiddle()
    else if (event.key === 'Backspace') this.undo()
    else if (event.key === 'Escape') this.begin('none')
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  #shape(): GeoJSON.FeatureCollection {
    const line = [...this.points, ...(this.#over && !this.ended ? [this.#over] : [])]
    const features: GeoJSON.Feature[] = this.points.map((one) => ({ type: 'Feature', properties: {}, geometry: { type: 'Point', coordinates: one } }))
    if (this.tool === 'area' && line.length > 2) features.push({ type: 'Feature', properties: {}, geometry: { type: 'Polygon', coordinates: [[...line, line[0]!]] } })
    else if (line.length > 1) features.push({ type: 'Feature', properties: {}, geometry: { type: 'LineString', coordinates: line } })
    return { type: 'FeatureCollection', features }
  }
}
