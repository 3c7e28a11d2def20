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

export function take(task: TaskRow, step: Step, result: string): Promise<void> {
  const common = { id: makeId(), task: task.id, department: task.department }
  const command = step === 'CompleteTask' ? { ...common, type: step, result, succeeded: true } : { ...common, type: step }
  return queue.add(command as Command)
}

export function comment(task: TaskRow, text: string): Promise<void> {
  return queue.add({ id: makeId(), type: 'CommentTask', task: task.id, department: task.department, comment: text } as Command)
}
