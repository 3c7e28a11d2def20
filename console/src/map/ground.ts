// What a map is drawn from: the city's areas and what its base map holds; asked before the map is there, where it is what a page is for.
import { getBaseMap, getShapes, type BaseMap } from '../api/client'

export type Ground = [GeoJSON.FeatureCollection, BaseMap | null]

const ask = (): Promise<Ground> => Promise.all([getShapes(), getBaseMap().catch(() => null)])
let ahead: Promise<Ground | null> | null = null

/** Asked now and used by the first map; who is not logged in yet asks again then. */
export function askAhead(): void { ahead = ask().catch(() => null) }

export async function readGround(): Promise<Ground> {
  const begun = ahead
  ahead = null
  return (await begun) ?? ask()
}
