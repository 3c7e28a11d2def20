// What a person is writing about a task: kept beside the card, which is drawn anew whenever the task changes its column.
export interface Draft {
  asking: 'result' | 'comment'
  text: string
}

export const drafts = $state<Record<string, Draft>>({})
