// How a forecast of a hazard is told: levels, rounded numbers, times.
import type { HazardMap } from '../api/client'
import { number, t } from './words.svelte'

/** Yellow to dark red, of the lowest level to the highest; told apart by people who see no red (ColorBrewer YlOrRd). */
export const LEVEL_COLOURS = ['#fecc5c', '#fd8d3c', '#f03b20', '#bd0026']

/** 0 below every level, else how many levels the value has reached; levels rise. */
export const levelReached = (forecast: HazardMap, value: number): number => forecast.levels.filter(([, least]) => value >= least).length

/** Two figures: a forecast carries no more. */
export const rough = (value: number): string => number(value < 10 ? Math.round(value) : Number(value.toPrecision(2)))

/** The median and the range of quantiles at .05 .25 .5 .75 .95. */
export const spread = (q: readonly number[]): string => {
  const [low, middle, high] = [q[0] ?? 0, q[2] ?? 0, q[4] ?? 0]
  return rough(low) === rough(high) ? rough(middle) : `${rough(middle)} (${rough(low)}–${rough(high)})`
}

/** Minutes, hours or days, as people say it. */
export function lasting(hours: number): string {
  if (hours < 1) return t('hz.minutes', { n: Math.max(1, Math.round(hours * 60)) })
  if (hours < 72) return t('hz.hours', { n: hours < 10 ? hours.toFixed(1) : Math.round(hours) })
  return t('hz.days', { n: Math.round(hours / 24) })
}
