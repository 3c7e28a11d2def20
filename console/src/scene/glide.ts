// Vehicles of a plan between two instants that were asked for: each is moved along the way that its plan has, by time. Nobody saw it there.
import type { MomentVehicle } from '../lib/city'

const EVERY_MS = 60

/** Where a vehicle is so many seconds after its instant; one without a way stays where it is, and at its end. */
export function placeAfter(one: MomentVehicle, seconds: number): [number, number] {
  let [t0, lon0, lat0] = [0, one.lon, one.lat]
  if (seconds <= 0) return [lon0, lat0]
  for (const [t, lon, lat] of one.then ?? []) {
    if (t >= seconds) {
      const share = t > t0 ? (seconds - t0) / (t - t0) : 1
      return [lon0 + (lon - lon0) * share, lat0 + (lat - lat0) * share]
    }
    [t0, lon0, lat0] = [t, lon, lat]
  }
  return [lon0, lat0]
}

const moved = (all: readonly MomentVehicle[], seconds: number): MomentVehicle[] => all.map((one) => { const [lon, lat] = placeAfter(one, seconds); return { ...one, lon, lat } })

/** Whether they are moved between two instants: some have a way on, and nobody asked for less motion. */
export const glides = (all: readonly MomentVehicle[]): boolean => all.some((one) => one.then?.length) && !matchMedia('(prefers-reduced-motion: reduce)').matches

/** Gives the vehicles anew as far as the clock has gone since their instant, again and again until the answer is called. `draw` is done when they are on the screen; a slow picture is given as long again before the next. */
export function glide(all: readonly MomentVehicle[], seconds: () => number, draw: (vehicles: MomentVehicle[]) => Promise<void>): () => void {
  let gone = false
  let timer = 0
  const step = async (): Promise<void> => {
    const from = performance.now()
    await draw(moved(all, seconds()))
    if (!gone) timer = window.setTimeout(() => void step(), Math.max(EVERY_MS, performance.now() - from))
  }
  void step()
  return () => { gone = true; clearTimeout(timer) }
}
