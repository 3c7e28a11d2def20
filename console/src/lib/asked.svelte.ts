// One question of a page: its answer, or why there is none; asked again when what it depends on changes, one at a time.
import { ApiError } from '../api/client'

export class Asked<T> {
  answer = $state.raw<T | null>(null)
  error = $state.raw<ApiError | null>(null)
  busy = $state(false)
  #asking = false // what decides is no signal, so that an effect that asks does not depend on its own asking
  #again: (() => Promise<T>) | null = null

  /** Ask; while one answer is awaited, only the latest wish is kept. */
  async ask(question: () => Promise<T>): Promise<void> {
    if (this.#asking) {
      this.#again = question
      return
    }
    this.#asking = this.busy = true
    try {
      this.answer = await question()
      this.error = null
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem
      this.error = problem
    } finally {
      this.#asking = this.busy = false
      const again = this.#again
      this.#again = null
      if (again) void this.ask(again)
    }
  }
}
