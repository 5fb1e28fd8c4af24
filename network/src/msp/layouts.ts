import type { Layout } from './types.ts'

const LAYOUTS_MAX = 512

/** How many peers of each MSP may be asked; undefined: any number. */
export type Available = ReadonlyMap<string, number> | undefined

/**
 * Minimal layouts of "n of these rules". One identity satisfies one principal, so counts of one
 * MSP add up within a signature policy; implicit policies look at all signatures anew for each
 * sub-policy, so there the larger count is enough.
 */
export function combine(options: {
  readonly threshold: number
  readonly rules: readonly (readonly Layout[])[]
  readonly merge: 'sum' | 'max'
  readonly available: Available
}): Layout[] {
  const { threshold, rules, merge, available } = options
  if (threshold > rules.length) return []
  // reached[k]: the minimal layouts that satisfy k of the rules seen so far.
  let reached: Layout[][] = [[new Map()], ...Array.from({ length: threshold }, () => [])]
  for (const layouts of rules) {
    reached = reached.map((kept, count) => {
      const before = count > 0 ? (reached[count - 1] ?? []) : []
      const added = before.flatMap(base =>
        layouts
          .map(layout => mergeLayouts(base, layout, merge))
          .filter(one => fits(one, available)),
      )
      return minimal([...kept, ...added])
    })
  }
  return reached[threshold] ?? []
}

function mergeLayouts(left: Layout, right: Layout, merge: 'sum' | 'max'): Layout {
  const merged = new Map(left)
  for (const [mspId, count] of right) {
    const other = merged.get(mspId) ?? 0
    merged.set(mspId, merge === 'sum' ? other + count : Math.max(other, count))
  }
  return merged
}

export function fits(layout: Layout, available: Available): boolean {
  if (!available) return true
  return [...layout].every(([mspId, count]) => count <= (available.get(mspId) ?? 0))
}

function sizeOf(layout: Layout): number {
  return [...layout.values()].reduce((sum, count) => sum + count, 0)
}

/** Drops layouts that ask for all another asks for and more; smallest first; bounded. */
export function minimal(layouts: readonly Layout[]): Layout[] {
  const sorted = [...layouts].sort((left, right) => sizeOf(left) - sizeOf(right))
  const kept: Layout[] = []
  for (const layout of sorted) {
    if (kept.length >= LAYOUTS_MAX) break
    if (!kept.some(smaller => covers(layout, smaller))) kept.push(layout)
  }
  return kept
}

function covers(layout: Layout, smaller: Layout): boolean {
  return [...smaller].every(([mspId, count]) => (layout.get(mspId) ?? 0) >= count)
}
