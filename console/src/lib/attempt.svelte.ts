// One thing that is tried at the press of a button: whether it runs, and what was said against it.
import { ApiError } from '../api/client'
import { t } from './words.svelte'

export class Attempt {
  busy = $state(false)
  problem = $state('')

  /** Does it; whether it was done. What the server refuses is said, anything else is a fault of ours. */
  async run(work: () => Promise<unknown>): Promise<boolean> {
    this.busy = true
    this.problem = ''
    try {
      await work()
      return true
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.problem = error.status === 0 ? t('error.offline') : `${error.message} ${error.advice}`.trim()
      return false
    } finally {
      this.busy = false
    }
  }
}
