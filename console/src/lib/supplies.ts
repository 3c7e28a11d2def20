// What can be done with stocks, requests between areas and patients on their way, as deeds of the one dialog.
import type { Deed, Field } from './deeds'
import { makeId } from './queue.svelte'

const RIGHT = 'handle_supplies'
const AREA: Field = { name: 'area', kind: 'area', word: 'area.name' }
const WHY: Field = { name: 'because', kind: 'reason', word: 'do.reason' }
const HOLDER: Field = { name: 'holder', kind: 'text', word: 'res.holder', optional: true }
const QUANTITY: Field = { name: 'quantity', kind: 'number', word: 'do.quantity' }
const IN_USE: Field = { name: 'in_use', kind: 'number', word: 'res.inuse', optional: true }
const BEDS = ['beds', 'icu_beds', 'isolation_beds'] as const

const asNumbers = (values: Record<string, string>, names: readonly string[]): Record<string, unknown> => ({ ...values, ...Object.fromEntries(names.filter((one) => values[one]).map((one) => [one, Number(values[one])])) })
/** The end of a day in the browser's own count; the server keeps the instant. */
const evening = (day: string): string => new Date(`${day}T23:59:00`).toISOString()

/** State a stock, ask others for something, move a patient; each kind brings the unit that it is counted in. */
export function supplyDeeds(units: Record<string, string>): Deed[] {
  const kind: Field = { name: 'kind', kind: 'choice', word: 'res.kind', choices: Object.keys(units), said: 'supply' }
  const counted = (values: Record<string, string>): Record<string, unknown> => ({ ...asNumbers(values, ['quantity', 'in_use']), unit: units[values['kind'] ?? ''] ?? 'pieces' })
  return [
    { type: 'SetStock', word: 'do.SetStock', right: RIGHT, says: 'do.SetStock.says', fields: [kind, AREA, HOLDER, QUANTITY, IN_USE], make: counted },
    {
      type: 'RequestSupply', word: 'do.RequestSupply', right: RIGHT, says: 'do.RequestSupply.says',
      fields: [kind, QUANTITY, { ...AREA, word: 'do.forArea' }, { ...HOLDER, word: 'do.forHolder' }, { name: 'from_area', kind: 'area', word: 'do.fromArea', optional: true }, { name: 'from_holder', kind: 'text', word: 'do.fromHolder', optional: true }, { name: 'needed_by', kind: 'day', word: 'do.neededBy', optional: true }, { name: 'purpose', kind: 'text', word: 'do.purpose', optional: true }],
      make: (values) => ({ ...counted(values), request: makeId().replace('console-', 'req-'), ...(values['needed_by'] ? { needed_by: evening(values['needed_by']) } : {}) }),
    },
    {
      type: 'RequestTransfer', word: 'do.RequestTransfer', right: RIGHT, says: 'do.RequestTransfer.says',
      fields: [{ name: 'subject', kind: 'text', word: 'do.patient' }, { ...AREA, word: 'do.fromArea' }, { name: 'hospital', kind: 'text', word: 'do.fromHospital' }, { name: 'bed_now', kind: 'choice', word: 'do.bedNow', choices: BEDS, said: 'supply', first: 'beds' }, { name: 'to_area', kind: 'area', word: 'do.toArea' }, { name: 'to_hospital', kind: 'text', word: 'do.toHospital' }, { name: 'bed', kind: 'choice', word: 'do.bed', choices: BEDS, said: 'supply', first: 'beds' }],
      make: (values) => ({ ...values, transfer: makeId().replace('console-', 'move-') }),
    },
  ]
}

export const RESTATE: Deed = { type: 'SetStock', word: 'do.restate', right: RIGHT, says: 'do.SetStock.says', fields: [QUANTITY, IN_USE], make: (values) => asNumbers(values, ['quantity', 'in_use']) }
export const COMMIT: Deed = { type: 'CommitSupply', word: 'do.CommitSupply', right: RIGHT, says: 'do.CommitSupply.says', fields: [{ ...AREA, word: 'do.fromArea' }, { ...HOLDER, word: 'do.fromHolder' }, QUANTITY], make: (values) => asNumbers(values, ['quantity']) }
export const SEND: Deed = { type: 'SendSupply', word: 'res.send', right: RIGHT, fields: [{ ...QUANTITY, optional: true }, { name: 'vehicle', kind: 'text', word: 'do.vehicle', optional: true }], make: (values) => asNumbers(values, ['quantity']) }
export const RECEIVE: Deed = { type: 'ReceiveSupply', word: 'res.receive', right: RIGHT, says: 'do.ReceiveSupply.says', fields: [{ ...QUANTITY, optional: true }, { name: 'note', kind: 'text', word: 'con.note', optional: true }], make: (values) => asNumbers(values, ['quantity']) }
export const DECLINE: Deed = { type: 'DeclineSupply', word: 'do.DeclineSupply', right: RIGHT, fields: [WHY] }
export const WITHDRAW_REQUEST: Deed = { type: 'WithdrawRequest', word: 'do.WithdrawRequest', right: RIGHT, fields: [WHY] }
export const DECLINE_TRANSFER: Deed = { type: 'DeclineTransfer', word: 'do.DeclineSupply', right: RIGHT, fields: [WHY] }
export const CANCEL_TRANSFER: Deed = { type: 'CancelTransfer', word: 'do.CancelTransfer', right: RIGHT, fields: [WHY] }
