// Where in the console we are: the part of the address after `#`, so that every place and instant can be linked to.
import { live } from './live.svelte'

const PLACES = ['overview', 'city', 'start', 'wall', 'incident', 'cases', 'case', 'foresee', 'surveillance', 'supervision', 'hazards', 'field', 'resources', 'tasks', 'duty', 'trust', 'public'] as const
export type Place = (typeof PLACES)[number]

class Route {
  place = $state<Place>('overview')
  id = $state('')

  constructor() {
    addEventListener('hashchange', () => this.read())
    this.read()
  }

  read(): void {
    const [path = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?')
    const [word = '', id = ''] = path.split('/')
    this.place = PLACES.includes(word as Place) ? (word as Place) : 'overview'
    this.id = decodeURIComponent(id)
    const at = new URLSearchParams(query).get('at')
    if (at !== live.at) live.at = at
  }
}

export const route = new Route()

export function link(place: Place, id = ''): string {
  const at = live.at ? `?at=${encodeURIComponent(live.at)}` : ''
  return `#/${place === 'overview' ? '' : place}${id ? `/${encodeURIComponent(id)}` : ''}${at}`
}
