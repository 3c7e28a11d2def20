// Sends what was decided for one or many rows at once, and says in one sentence what the server would not have.
import { ApiError, sendCommands, whyNot, type Command } from '../api/client'
import { makeId } from './queue.svelte'
import { t } from './words.svelte'

const MOST = 500 // of one message

/** Every command, in few messages; '' when all were taken. */
export async function sendAll(commands: readonly Record<string, unknown>[]): Promise<string> {
  let refused = 0
  let why = ''
  try {
    for (let from = 0; from < commands.length; from += MOST) {
      const account = await sendCommands(commands.slice(from, from + MOST).map((one) => ({ id: makeId(), ...one }) as unknown as Command))
      refused += account.rejected.length
      why ||= whyNot(account.rejected[0])
    }
  } catch (problem) {
    if (!(problem instanceof ApiError)) throw problem
    return problem.status === 0 ? t('error.offline') : `${problem.message} ${problem.advice}`
  }
  if (!refused) return ''
  return commands.length === 1 ? why : t('send.refused', { n: refused, all: commands.length, why })
}
