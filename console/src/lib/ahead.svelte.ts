// What lies ahead of the shown instant: the forecast of cases and needs, asked for with the screen but never before it.
import { ApiError, getDemand, type DemandReport } from '../api/client'
import { painted } from './paint'
import { live } from './live.svelte'

const EVERY_MS = 30_000 // a forecast changes by the day, not by the event
const SETTLE_MS = 400 // nobody waits for forecasts of instants that are passed through

class Ahead {
  report = $state.raw<DemandReport | null>(null)
  error = $state.raw<ApiError | null>(null)
  days = $state(0) // how far into the forecast the screen is moved; 0 is not at all
  #for: string | null | undefined
  #askedAt = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  /** Keep up with the instant on the screen. */
  follow(): void {
    const at = live.at
    if (at === this.#for && Date.now() - this.#askedAt < EVERY_MS) return
    if (at !== this.#for) this.report = null
    this.#for = at
    this.#askedAt = Date.now()
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void painted().then(() => this.#ask(at)), this.report ? 0 : SETTLE_MS)
  }

  async #ask(at: string | null): Promise<void> {
    try {
      const report = await getDemand(at)
      if (at === live.at) this.report = report
      this.error = null
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem
      this.error = problem
    }
  }
}

export const ahead = new Ahead()
