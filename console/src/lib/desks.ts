// What documents claim and where parcels are, as the API writes it.
export interface ClaimRow {
  id: string; kind: string; title: string; status: 'waiting' | 'accepted' | 'rejected'; area: string; area_name: string; place_text: string; happened_at: string | null; quantity: number | null; unit: string
  document: string; part: string; span: string; start: number; end: number; extractor: string; confidence: number; becomes: string; recorded_at: string; judged_by: string; because: string; corrected: string[]
}
export interface IntakeAnswer { document: string; media: string; letters: number; notes: string[]; claims: ClaimRow[]; recorded: number; known: number; accepted: number; elsewhere: number }
export interface ParcelRow {
  id: string; area: string; area_name: string; place: string; to: 'cabinet' | 'door'; goods: string; status: 'waiting' | 'loaded' | 'deposited' | 'handed' | 'returned' | 'cancelled'; holder: string; round: number
  sent_at: string; expires_at: string; late: boolean; locked: boolean; disputed: string; shown: number; handed_at: string | null; because: string
}
export interface ParcelCode { parcel: string; code: string; place: string; area_name: string; expires_at: string; ticket: string }

/** A sentence in three: before the words that made the claim, the words, after them. Letters are counted as Python counts them. */
export function inThree(row: ClaimRow): [string, string, string] {
  const letters = [...row.span]
  return [letters.slice(0, row.start).join(''), letters.slice(row.start, row.end).join(''), letters.slice(row.end).join('')]
}
