// What a department can do with a task, from its status; the same on the board and on the phone.
import type { Command, TaskRow } from '../api/client'
import type { WordKey } from '../words/en'
import { makeId, queue } from './queue.svelte'

export type Step = 'ConfirmOrder' | 'AcknowledgeTask' | 'CompleteTask'
const STEPS: Record<string, { step: Step; word: WordKey }> = {
  ordered: { step: 'ConfirmOrder', word: 'task.confirm' },
  confirmed: { step: 'AcknowledgeTask', word: 'task.acknowledge' },
  acknowledged: { step: 'CompleteTask', word: 'task.complete' },
  failed: { step: 'AcknowledgeTask', word: 'task.acknowledge' },
}
const AFTER: Record<string, string> = { ConfirmOrder: 'confirmed', AcknowledgeTask: 'acknowledged', CompleteTask: 'done' }

export const nextStep = (status: string): { step: Step; word: WordKey } | undefined => STEPS[status]

/** The status a task will have once what waits on this device is sent. */
export function statusWithQueue(task: TaskRow): string {
  let status = task.status
  for (const command of queue.waiting) {
    if ('task' in command && command.task === task.id) status = AFTER[command.type] ?? status
  }
  return status
}

function answerOf(task: TaskRow, step: Step, result: string): Command {
  const common = { id: makeId(), task: task.id, department: task.department }
  return (step === 'CompleteTask' ? { ...common, type: step, result, succeeded: true } : { ...common, type: step }) as Command
}

export const take = (task: TaskRow, step: Step, result: string): Promise<void> => queue.add(answerOf(task, step, result))

/** The same step for many: kept at once, sent in few messages. */
export const takeAll = (tasks: TaskRow[], step: Step, result: string): Promise<void> => queue.add(...tasks.map((task) => answerOf(task, step, result)))

export function comment(task: TaskRow, text: string): Promise<void> {
  return queue.add({ id: makeId(), type: 'CommentTask', task: task.id, department: task.department, comment: text } as Command)
}
