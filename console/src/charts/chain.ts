// Lays a transmission tree out: generations from left to right, each case beside those it infected.
export interface ChainLink { infector: string; infectee: string; probability: number; stated: boolean; setting: string }
export interface ChainNode { id: string; column: number; row: number; infected: number }
export interface ChainEdge { from: ChainNode; to: ChainNode; link: ChainLink }
export interface ChainLayout { nodes: ChainNode[]; edges: ChainEdge[]; columns: number; rows: number }

/** Cases without an infector among them are of the first generation; a row for every last case of a branch. */
export function layChain(cases: string[], links: ChainLink[]): ChainLayout {
  const after = new Map<string, ChainLink[]>()
  const into = new Map<string, ChainLink>()
  const known = new Set(cases)
  for (const link of links) {
    if (!known.has(link.infector) || !known.has(link.infectee) || into.has(link.infectee)) continue
    into.set(link.infectee, link)
    after.set(link.infector, [...(after.get(link.infector) ?? []), link])
  }
  const nodes = new Map<string, ChainNode>()
  let rows = 0
  // a deep chain is walked with a list, not with the call stack
  const place = (root: string): void => {
    const waiting: { id: string; column: number; done: boolean }[] = [{ id: root, column: 0, done: false }]
    while (waiting.length) {
      const one = waiting.pop()!
      const next = after.get(one.id) ?? []
      if (!one.done) {
        if (nodes.has(one.id)) continue
        nodes.set(one.id, { id: one.id, column: one.column, row: next.length ? -1 : rows++, infected: next.length })
        if (!next.length) continue
        waiting.push({ ...one, done: true })
        for (const link of next.toReversed()) waiting.push({ id: link.infectee, column: one.column + 1, done: false })
      } else {
        const below = next.map((link) => nodes.get(link.infectee)!.row)
        nodes.get(one.id)!.row = (Math.min(...below) + Math.max(...below)) / 2
      }
    }
  }
  for (const id of cases) if (!into.has(id)) place(id)
  const edges = [...into.values()].flatMap((link) => {
    const [from, to] = [nodes.get(link.infector), nodes.get(link.infectee)]
    return from && to ? [{ from, to, link }] : []
  })
  return { nodes: [...nodes.values()], edges, columns: 1 + Math.max(0, ...[...nodes.values()].map((node) => node.column)), rows }
}
