// What documents claim and where parcels are, as the API writes it.
import type { Deed } from './deeds'

export interface ClaimRow {
  id: string; kind: string; title: string; status: 'waiting' | 'accepted' | 'rejected'; area: string; area_name: string; place_text: string; happened_at: string | null; quantity: number | null; unit: string
  document: string; part: string; span: string; start: number; end: number; extractor: string; confidence: number; becomes: string; recorded_at: string; judged_by: string; because: string; corrected: string[]
}
export interface IntakeAnswer { document: string; media: string; letters: number; notes: string[]; claims: ClaimRow[]; recorded: number; known: number; accepted: number; elsewhere: number }
export interface ParcelRow {
  id: string; area: string; area_name: string; place: string; to: 'cabinet' | 'door'; goods: string; status: 'waiting' | 'loaded' | 'deposited' | 'handed' | 'returned' | 'cancelled'; holder: string; round: number
  sent_at: string; expires_at: string; late: boolean; locked: boolean; disputed: string; shown: number; handed_at: string | null; because: string
}
/** Who holds parcels. `kept_by`: who keeps the ledger of one that carries by hand. */
export interface CarrierRow {
  id: string; area: string; kind: 'cabinet' | 'courier' | 'vehicle' | 'drone'; place: string; seq: number; heard_at: string | null; revoked: boolean; because: string; kept_by: '' | 'depot' | 'phone'
}
/** The depot keeps a ledger again that was on a telephone: what follows is said before, and the reason goes on record. */
export const takingBack = (holder: string, take: (holder: string, because: string) => Promise<unknown>): Deed => ({
  type: 'TakeLedgerBack', word: 'dlv.back', right: 'send_parcel', says: 'dlv.back.says', fields: [{ name: 'because', kind: 'reason', word: 'do.reason' }],
  run: async (values) => { await take(holder, values['because'] ?? '') },
})
export interface ParcelCode { parcel: string; code: string; place: string; area_name: string; expires_at: string; ticket: string }

/** A sentence in three: before the words that made the claim, the words, after them. Letters are counted as Python counts them. */
export function inThree(row: ClaimRow): [string, string, string] {
  const letters = [...row.span]
  return [letters.slice(0, row.start).join(''), letters.slice(row.start, row.end).join(''), letters.slice(row.end).join('')]
}
