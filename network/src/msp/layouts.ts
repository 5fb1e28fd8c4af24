import type { Layout } from './types.ts'

const LAYOUTS_MAX = 256
/** A gate beyond this is evaluated, but not planned for: planning is work a policy's author causes. */
const RULES_MAX = 256

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
  if (threshold > rules.length || rules.length > RULES_MAX) return []
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
  const distinct = new Map(layouts.map(layout => [keyOf(layout), layout]))
  const sorted = [...distinct.values()]
    .map(layout => ({ layout, size: sizeOf(layout) }))
    .sort((left, right) => left.size - right.size)
    .slice(0, LAYOUTS_MAX)
  // Of two different layouts of one size neither covers the other.
  return sorted
    .filter(
      ({ layout, size }) =>
        !sorted.some(smaller => smaller.size < size && covers(layout, smaller.layout)),
    )
    .map(({ layout }) => layout)
}

function keyOf(layout: Layout): string {
  return [...layout]
    .map(([mspId, count]) => `${mspId}:${count}`)
    .sort()
    .join(' ')
}

function covers(layout: Layout, smaller: Layout): boolean {
  return [...smaller].every(([mspId, count]) => (layout.get(mspId) ?? 0) >= count)
}
