// Writes what a table shows as a file: CSV, XLSX and GeoJSON, made on the device, with nothing in it that is not on the screen.

export type Cell = string | number | null
export interface SheetData { title: string; heads: string[]; rows: Cell[][] }

/** A text that a spreadsheet would take for a formula is marked as text. */
const inert = (text: string): string => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text)
const quoted = (cell: Cell): string => {
  if (cell === null) return ''
  const text = typeof cell === 'number' ? String(cell) : inert(cell)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

export const writeCsv = (data: SheetData): Blob => new Blob([`\uFEFF${[data.heads, ...data.rows].map((row) => row.map(quoted).join(',')).join('\r\n')}\r\n`], { type: 'text/csv;charset=utf-8' })

const xml = (text: string): string => text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
const column = (n: number): string => (n >= 26 ? column(Math.floor(n / 26) - 1) : '') + String.fromCharCode(65 + (n % 26))
const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

/** An Office Open XML workbook of one sheet (ECMA-376): the head is bold and stays, the columns can be filtered. */
export function writeXlsx(data: SheetData): Blob {
  const cell = (value: Cell, row: number, n: number, style: string): string => {
    const at = `${column(n)}${row}`
    if (value === null || value === '') return ''
    return typeof value === 'number' ? `<c r="${at}"${style}><v>${value}</v></c>` : `<c r="${at}" t="inlineStr"${style}><is><t xml:space="preserve">${xml(value)}</t></is></c>`
  }
  const lines = [data.heads, ...data.rows].map((row, i) => `<row r="${i + 1}">${row.map((value, n) => cell(value, i + 1, n, i ? '' : ' s="1"')).join('')}</row>`)
  const last = `${column(Math.max(0, data.heads.length - 1))}${data.rows.length + 1}`
  const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
  const office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
  const kind = 'application/vnd.openxmlformats-officedocument.spreadsheetml'
  const name = xml(data.title.replace(/[\\/?*[\]:]/g, ' ').slice(0, 31) || 'Sheet')
  return zip({
    '[Content_Types].xml': `${HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="${kind}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="${kind}.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="${kind}.styles+xml"/></Types>`,
    '_rels/.rels': `${HEAD}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="${office}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    'xl/workbook.xml': `${HEAD}<workbook xmlns="${main}" xmlns:r="${office}"><sheets><sheet name="${name}" sheetId="1" r:id="r1"/></sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `${HEAD}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="${office}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="${office}/styles" Target="styles.xml"/></Relationships>`,
    'xl/styles.xml': `${HEAD}<styleSheet xmlns="${main}"><fonts count="2"><font/><font><b/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf xfId="0"/><xf xfId="0" fontId="1" applyFont="1"/></cellXfs></styleSheet>`,
    'xl/worksheets/sheet1.xml': `${HEAD}<worksheet xmlns="${main}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols>${data.heads.map((_, n) => `<col min="${n + 1}" max="${n + 1}" width="22" customWidth="1"/>`).join('')}</cols><sheetData>${lines.join('')}</sheetData><autoFilter ref="A1:${last}"/></worksheet>`,
  })
}

/** A ZIP archive whose parts are stored as they are (PKWARE APPNOTE 6.3.3). */
function zip(parts: Record<string, string>): Blob {
  const text = new TextEncoder()
  const body: Uint8Array<ArrayBuffer>[] = []
  const index: Uint8Array<ArrayBuffer>[] = []
  let offset = 0
  for (const [name, content] of Object.entries(parts)) {
    const title = text.encode(name)
    const bytes = text.encode(content)
    const fields = (from: number, central: boolean): Uint8Array<ArrayBuffer> => {
      const view = new DataView(new ArrayBuffer(central ? 46 : 30))
      const put = (at: number, value: number, wide = false): void => (wide ? view.setUint32(at, value, true) : view.setUint16(at, value, true))
      put(0, central ? 0x02014b50 : 0x04034b50, true)
      const base = central ? 6 : 4
      if (central) put(4, 20)
      put(base, 20); put(base + 2, 0x800); put(base + 8, 0x21) // UTF-8 names; the first day there is
      put(base + 10, crc32(bytes), true); put(base + 14, bytes.length, true); put(base + 18, bytes.length, true); put(base + 22, title.length)
      if (central) put(42, from, true)
      return new Uint8Array(view.buffer)
    }
    const head = fields(0, false)
    index.push(fields(offset, true), title)
    body.push(head, title, bytes)
    offset += head.length + title.length + bytes.length
  }
  const size = index.reduce((all, part) => all + part.length, 0)
  const end = new DataView(new ArrayBuffer(22))
  end.setUint32(0, 0x06054b50, true)
  end.setUint16(8, Object.keys(parts).length, true)
  end.setUint16(10, Object.keys(parts).length, true)
  end.setUint32(12, size, true)
  end.setUint32(16, offset, true)
  return new Blob([...body, ...index, new Uint8Array(end.buffer)], { type: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet' })
}

/** CRC-32 as in ISO 3309. */
function crc32(bytes: Uint8Array): number {
  let sum = 0xffffffff
  for (const byte of bytes) {
    sum ^= byte
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (0xedb88320 & -(sum & 1))
  }
  return (sum ^ 0xffffffff) >>> 0
}

export interface Spot { area?: string | null; lon?: number | null; lat?: number | null }

/** Each row as a feature: at its public point, or as the outline of the area that the map draws; never finer than the screen. */
export function writeGeoJson(data: SheetData, spots: Spot[], shapes: GeoJSON.FeatureCollection): Blob {
  const outlines = shapes.features.map((feature) => ({ code: String(feature.properties?.['code'] ?? ''), geometry: feature.geometry })).sort((a, b) => b.code.length - a.code.length)
  const features = data.rows.map((row, n) => {
    const spot = spots[n] ?? {}
    const point = typeof spot.lon === 'number' && typeof spot.lat === 'number' ? { type: 'Point' as const, coordinates: [spot.lon, spot.lat] } : null
    const outline = spot.area ? outlines.find((one) => one.code && spot.area?.startsWith(one.code))?.geometry : undefined
    return { type: 'Feature' as const, geometry: point ?? outline ?? null, properties: Object.fromEntries(data.heads.map((head, i) => [head, row[i] ?? null])) }
  })
  return new Blob([JSON.stringify({ type: 'FeatureCollection', features })], { type: 'application/geo+json' })
}

export function saveFile(name: string, blob: Blob): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
