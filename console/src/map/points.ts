// Points over the map: affected places and moving residents, drawn by deck.gl from typed arrays; loaded when first shown.
import { ScatterplotLayer } from '@deck.gl/layers'
import { MapboxOverlay } from '@deck.gl/mapbox'
import type { IControl, Map as MapType } from 'maplibre-gl'
import type { PlaceColumns } from '../api/client'
import { positionsAt, type Walkers } from './walkers'

type Colour = [number, number, number]
interface Columns { length: number; attributes: Record<string, { value: Float32Array; size: number }> }

/** Places in the order of their first day, so that those known on a day are the first so many. */
export interface Places { at: Float32Array; first: Int32Array; unplaced: number }

export function sortPlaces(columns: PlaceColumns): Places {
  const order = Int32Array.from(columns.first.keys()).sort((a, b) => columns.first[a]! - columns.first[b]!)
  const at = new Float32Array(order.length * 2)
  const first = new Int32Array(order.length)
  order.forEach((row, i) => {
    at[i * 2] = columns.lon[row]!
    at[i * 2 + 1] = columns.lat[row]!
    first[i] = columns.first[row]!
  })
  return { at, first, unplaced: columns.unplaced }
}

/** How many places were known by the end of a day. */
export function knownBy(first: Int32Array, day: number): number {
  let [low, high] = [0, first.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (first[middle]! <= day) low = middle + 1
    else high = middle
  }
  return low
}

export class PointLayers {
  #overlay = new MapboxOverlay({ interleaved: false, layers: [] })
  #map: MapType
  #places: ScatterplotLayer | null = null
  #walkers: ScatterplotLayer | null = null
  #moved: [Float32Array, Float32Array] | null = null // two in turn: a changed array is a new one to deck.gl
  #turn = 0

  constructor(map: MapType) {
    this.#map = map
    map.addControl(this.#overlay as unknown as IControl)
    // the layers are a picture over the map, nothing to stop at with the keyboard
    const canvas = map.getContainer().querySelector('#deckgl-overlay')
    canvas?.removeAttribute('tabindex')
    canvas?.setAttribute('aria-hidden', 'true')
  }

  showPlaces(places: Places | null, until: number, colour: Colour): void {
    this.#places = places && layer('places', { length: knownBy(places.first, until), attributes: { getPosition: { value: places.at, size: 2 } } }, colour, 120, 1.1, 5)
    this.#draw()
  }

  /** The walkers at a second of their day; null hides them. */
  showWalkers(walkers: Walkers | null, second: number, colour: Colour): void {
    if (!walkers) {
      this.#walkers = this.#moved = null
      return this.#draw()
    }
    this.#moved ??= [new Float32Array(walkers.length * 2), new Float32Array(walkers.length * 2)]
    const value = this.#moved[(this.#turn ^= 1)]!
    positionsAt(walkers, second, value)
    this.#walkers = layer('walkers', { length: walkers.length, attributes: { getPosition: { value, size: 2 } } }, colour, 90, 0.6, 3)
    this.#draw()
  }

  remove(): void {
    this.#map.removeControl(this.#overlay as unknown as IControl)
  }

  #draw(): void {
    this.#overlay.setProps({ layers: [this.#walkers, this.#places] })
  }
}

function layer(id: string, data: Columns, colour: Colour, opacity: number, least: number, most: number): ScatterplotLayer {
  return new ScatterplotLayer({
    id, data: data as never, getFillColor: [...colour, opacity], getRadius: 25, radiusMinPixels: least, radiusMaxPixels: most,
    stroked: false, antialiasing: false, pickable: false, parameters: { depthCompare: 'always' },
  })
}
