/**
 * Features of one member from its facts, in memory. A pure function: the same facts and moment give the same values,
 * to the last fen, as the table that `compile.ts` makes in the lake.
 */
import type { CountedRule, Feature, Fold, Predicate, Value, WhenNone } from './definition.ts'
import { BOUND, cellNames, DAY_US, type Kind } from './kind.ts'

export type FactCell = number | string | null

export interface Fact {
  readonly eventUs: number
  readonly arrivedUs: number
  /** When a later version of the same record arrived. */
  readonly supersededUs: number | null
  /** In the order of the kind's cells. */
  readonly cells: readonly FactCell[]
}

/** Facts by name of kind, in order of event and then of key. */
export type Facts = ReadonlyMap<string, readonly Fact[]>

export interface Evaluated {
  /** Null where nothing is known. */
  readonly value: number | null
  /** Of the facts that were counted; null where none was. */
  readonly newestEventUs: number | null
  readonly newestArrivalUs: number | null
}

export interface Known {
  readonly facts: Facts
  /** Kinds of which anybody's fact was known at the moment. */
  readonly told: ReadonlySet<string>
}

const NOTHING: Evaluated = { value: null, newestEventUs: null, newestArrivalUs: null }
const PPM = 1_000_000n

/** @param atUs the moment of decision; nothing that happened or arrived later is looked at. */
export function evaluate(
  features: readonly Feature[],
  { facts, told }: Known,
  atUs: number,
): ReadonlyMap<string, Evaluated> {
  const visible = new Map<string, readonly Fact[]>()
  const visibleOf = (kind: Kind): readonly Fact[] => {
    const found = visible.get(kind.name)
    if (found) return found
    const seen = (facts.get(kind.name) ?? []).filter(fact => isVisible(fact, atUs))
    visible.set(kind.name, seen)
    return seen
  }
  const values = new Map<string, Evaluated>()
  for (const { name, rule, whenNone } of features) {
    if (rule.is === 'ratio') continue
    const seen = visibleOf(rule.kind)
    const known = { isKnown: seen.length > 0, isTold: told.has(rule.kind.name) }
    values.set(name, counted(rule, { seen, atUs, none: noneOf(whenNone, known) }))
  }
  for (const { name, rule } of features)
    if (rule.is === 'ratio')
      values.set(name, ratio(values.get(rule.of) ?? NOTHING, values.get(rule.to) ?? NOTHING))
  return values
}

export const isVisible = ({ eventUs, arrivedUs, supersededUs }: Fact, atUs: number): boolean =>
  eventUs <= atUs && arrivedUs <= atUs && (supersededUs === null || supersededUs > atUs)

function noneOf(whenNone: WhenNone, { isKnown, isTold }: { isKnown: boolean; isTold: boolean }) {
  const isZero = (whenNone === 'KNOWN_ZERO' && isKnown) || (whenNone === 'TOLD_ZERO' && isTold)
  return isZero ? 0 : null
}

interface Asked {
  readonly seen: readonly Fact[]
  readonly atUs: number
  readonly none: number | null
}

function counted(rule: CountedRule, { seen, atUs, none }: Asked): Evaluated {
  const holds = holdsAll(rule.kind, rule.where, atUs)
  const reachUs = rule.days === undefined ? Infinity : rule.days * DAY_US
  const within = seen.filter(fact => atUs - fact.eventUs < reachUs && holds(fact))
  const before =
    rule.is === 'trend'
      ? seen.filter(({ eventUs }) => atUs - eventUs >= reachUs && atUs - eventUs < 2 * reachUs)
      : []
  const earlier = before.filter(holds)
  const value = valueOf(rule, { within, earlier, atUs })
  const used = [...within, ...earlier]
  return {
    value: value ?? none,
    newestEventUs: newest(used, 'eventUs'),
    newestArrivalUs: newest(used, 'arrivedUs'),
  }
}

function newest(facts: readonly Fact[], of: 'eventUs' | 'arrivedUs'): number | null {
  let last: number | null = null
  for (const fact of facts) if (last === null || fact[of] > last) last = fact[of]
  return last
}

interface Found {
  readonly within: readonly Fact[]
  readonly earlier: readonly Fact[]
  readonly atUs: number
}

function valueOf(rule: CountedRule, { within, earlier, atUs }: Found): number | null {
  switch (rule.is) {
    case 'count':
      return within.length === 0 ? null : within.length
    case 'distinct':
      return differing(within.map(cellOf(rule.kind, rule.text)))
    case 'top':
      return top(within, cellOf(rule.kind, rule.text), cellOf(rule.kind, rule.value))
    case 'daysSinceLast':
      return daysBack(within.at(-1), atUs)
    case 'daysSinceFirst':
      return daysBack(within[0], atUs)
    case 'trend': {
      const read = cellOf(rule.kind, rule.value)
      return change(sumOf(within.map(read)) ?? 0n, sumOf(earlier.map(read)))
    }
    default:
      return folded(rule.is, within.map(reader(rule.kind, rule.value, atUs)))
  }
}

function folded(fold: Fold, cells: readonly FactCell[]): number | null {
  const given = cells.filter(cell => typeof cell === 'number')
  const [first] = given
  if (first === undefined) return null
  switch (fold) {
    case 'last':
      return given.at(-1) ?? null
    case 'max':
      return given.reduce((a, b) => (a > b ? a : b), first)
    case 'min':
      return given.reduce((a, b) => (a < b ? a : b), first)
    case 'sum':
      return toBound(sumOf(given) ?? 0n)
    case 'mean':
      return toBound((sumOf(given) ?? 0n) / BigInt(given.length))
  }
}

/** Exact, whatever the sum; undefined of nothing. */
function sumOf(cells: readonly FactCell[]): bigint | undefined {
  let [sum, carried, isEmpty] = [0, 0n, true]
  for (const cell of cells) {
    if (typeof cell !== 'number') continue
    isEmpty = false
    const next = sum + cell
    if (Number.isSafeInteger(next)) sum = next
    else [carried, sum] = [carried + BigInt(sum), cell]
  }
  return isEmpty ? undefined : carried + BigInt(sum)
}

function differing(cells: readonly FactCell[]): number | null {
  const { size } = new Set(cells.filter(cell => cell !== null))
  return size === 0 ? null : size
}

type Reader = (fact: Fact) => FactCell

function top(facts: readonly Fact[], textOf: Reader, read: Reader): number | null {
  const groups = new Map<FactCell, FactCell[]>()
  for (const fact of facts) {
    const text = textOf(fact)
    if (text !== null) groupOf(groups, text).push(read(fact))
  }
  const sums = [...groups.values()].map(sumOf).filter(isGiven)
  const all = sums.reduce((a, b) => a + b, 0n)
  const largest = sums.reduce((a, b) => (a > b ? a : b), sums[0] ?? 0n)
  return all > 0n ? toBound((largest * PPM) / all) : null
}

function groupOf(groups: Map<FactCell, FactCell[]>, text: FactCell): FactCell[] {
  const known = groups.get(text) ?? []
  groups.set(text, known)
  return known
}

const isGiven = (sum: bigint | undefined): sum is bigint => sum !== undefined

const change = (now: bigint, before: bigint | undefined): number | null =>
  before === undefined || before <= 0n ? null : toBound(((now - before) * PPM) / before)

function ratio(of: Evaluated, to: Evaluated): Evaluated {
  const isThere = of.value !== null && to.value !== null && to.value > 0
  return {
    value: isThere ? toBound((BigInt(of.value) * PPM) / BigInt(to.value)) : null,
    newestEventUs: later(of.newestEventUs, to.newestEventUs),
    newestArrivalUs: later(of.newestArrivalUs, to.newestArrivalUs),
  }
}

const later = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.max(a, b)

function toBound(value: bigint): number {
  if (value > BigInt(BOUND)) return BOUND
  return value < -BigInt(BOUND) ? -BOUND : Number(value)
}

/** Whole days, cut towards zero; a division of numbers could round up to the next. */
const wholeDays = (us: number): number => (us - (us % DAY_US)) / DAY_US

const daysBack = (fact: Fact | undefined, atUs: number): number | null =>
  fact ? wholeDays(atUs - fact.eventUs) : null

function cellOf(kind: Kind, cell: string): Reader {
  const at = cellNames(kind).indexOf(cell)
  if (at < 0) throw new Error(`${kind.name} has no ${cell}`)
  return ({ cells }) => cells[at] ?? null
}

function reader(kind: Kind, value: Value, atUs: number): Reader {
  if (typeof value === 'string') return cellOf(kind, value)
  const read = cellOf(kind, value.daysSince)
  return fact => {
    const us = read(fact)
    return typeof us === 'number' ? wholeDays(atUs - us) : null
  }
}

function holdsAll(kind: Kind, where: readonly Predicate[], atUs: number): (fact: Fact) => boolean {
  const tests = where.map(predicate => holds(kind, predicate, atUs))
  return fact => tests.every(test => test(fact))
}

function holds(kind: Kind, predicate: Predicate, atUs: number): (fact: Fact) => boolean {
  if ('text' in predicate) {
    const read = cellOf(kind, predicate.text)
    return fact => predicate.in.includes(String(read(fact) ?? ''))
  }
  if ('given' in predicate) {
    const read = cellOf(kind, predicate.given)
    return fact => read(fact) !== null
  }
  if ('missing' in predicate) {
    const read = cellOf(kind, predicate.missing)
    return fact => read(fact) === null
  }
  if ('past' in predicate) return compared(cellOf(kind, predicate.past), us => us <= atUs)
  const read = cellOf(kind, predicate.number)
  return 'atLeast' in predicate
    ? compared(read, cell => cell >= predicate.atLeast)
    : compared(read, cell => cell < predicate.below)
}

const compared =
  (read: Reader, isMet: (cell: number) => boolean) =>
  (fact: Fact): boolean => {
    const cell = read(fact)
    return typeof cell === 'number' && isMet(cell)
  }
