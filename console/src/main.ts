// Begins: the parts that a page needs are fetched side by side, not one after the other.
import { readLibrary } from './map/library'

void import('./start')
if (location.hash.startsWith('#/city')) { void readLibrary().catch(() => undefined); void import('./places/City.svelte').catch(() => undefined) }
