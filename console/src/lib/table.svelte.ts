// What a table is asked for: search, filters, order, columns; kept as named views of this account on this device.
import type { Cell, Spot } from './sheet'
import { keptOf, queue } from './queue.svelte'
import { number } from './words.svelte'
import type { WordKey } from '../words/en'

export interface Column<Row> {
  key: string
  word: WordKey
  value: (row: Row) => Cell // what is sorted and counted
  show?: (row: Row) => string // what is read, searched and exported
  link?: (row: Row) => string | undefined
  filter?: boolean // offers its values as a filter
  number?: boolean
  hidden?: boolean // not shown before somebody asks for it
  fixed?: boolean // of a table whose rows come from the server: cannot be sorted there
  tone?: (row: Row) => 'late' | 'good' | 'wait' | undefined
  area?: boolean // filtered by an area and all below it
}

export interface Wish { search: string; filters: Record<string, string>; order: string; hidden: string[] }
export interface ServerPage<Row> { items: Row[]; next: string | null; total: number }
/** A table whose rows come from the server in pages, filtered and sorted there. */
export interface Source<Row> {
  ask: (wish: Wish, cursor: string | null, limit: number) => Promise<ServerPage<Row>>
  choices: Record<string, { value: string; word: string }[]>
}

const KEPT = 'twinward.views'

export const textOf = <Row>(column: Column<Row>, row: Row): string => column.show?.(row) ?? String(column.value(row) ?? '')

/** As it is read on the screen. */
export const readOf = <Row>(column: Column<Row>, row: Row): string => { const value = column.value(row); return column.show || typeof value !== 'number' ? textOf(column, row) : number(value) }

export class TableState<Row> {
  search = $state('')
  filters = $state<Record<string, string>>({})
  order = $state('')
  hidden = $state<string[]>([])
  views = $state.raw<Record<string, Wish>>({})

  constructor(readonly id: string, columns: readonly Column<Row>[], order = '') {
    this.hidden = columns.filter((column) => column.hidden).map((column) => column.key)
    this.order = order
    this.views = JSON.parse(localStorage.getItem(this.#key()) ?? '{}') as Record<string, Wish>
  }

  get wish(): Wish {
    return { search: this.search, filters: $state.snapshot(this.filters), order: this.order, hidden: $state.snapshot(this.hidden) }
  }

  sortBy(key: string): void {
    this.order = this.order === key ? `-${key}` : this.order === `-${key}` ? '' : key
  }

  show(key: string, shown: boolean): void {
    this.hidden = shown ? this.hidden.filter((one) => one !== key) : [...this.hidden, key]
  }

  take(view: Wish): void {
    this.search = view.search
    this.filters = { ...view.filters }
    this.order = view.order
    this.hidden = [...view.hidden]
  }

  save(name: string): void {
    this.#keep({ ...this.views, [name]: this.wish })
  }

  drop(name: string): void {
    this.#keep(Object.fromEntries(Object.entries(this.views).filter(([one]) => one !== name)))
  }

  #keep(views: Record<string, Wish>): void {
    this.views = views
    localStorage.setItem(this.#key(), JSON.stringify(views))
  }

  #key(): string {
    return keptOf(`${KEPT}.${this.id}`, queue.owner)
  }
}

/** The rows that a wish leaves, in its order; equal ones keep the order they came in. */
export function choose<Row>(rows: readonly Row[], columns: readonly Column<Row>[], wish: Wish, within: (row: Row, area: string) => boolean): Row[] {
  const sought = wish.search.trim().toLowerCase()
  const filters = Object.entries(wish.filters).filter(([, value]) => value)
  const of = new Map(columns.map((column) => [column.key, column]))
  const found = rows.filter((row) => {
    if (sought && !columns.some((column) => textOf(column, row).toLowerCase().includes(sought))) return false
    return filters.every(([key, value]) => {
      const column = of.get(key)
      return !column || (column.area ? within(row, value) : String(column.value(row) ?? '') === value)
    })
  })
  const column = of.get(wish.order.replace(/^-/, ''))
  if (!column) return found
  const sign = wish.order.startsWith('-') ? -1 : 1
  return found.toSorted((a, b) => sign * compare(column.value(a), column.value(b)))
}

function compare(a: Cell, b: Cell): number {
  if (a === b) return 0
  if (a === null) return -1
  if (b === null) return 1
  return typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b))
}

export type SpotOf<Row> = (row: Row) => Spot
