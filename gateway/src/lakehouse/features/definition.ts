/**
 * A feature as data: what is counted, of which facts, how far back, and what stands where there is nothing to count.
 * Two evaluators read it, `compile.ts` for tables of decisions and `evaluate.ts` for one member now; both count in
 * whole numbers and cut what a division leaves over towards zero, so they agree to the last fen.
 */
import { createHash } from 'node:crypto'
import type { Words } from '../sources/fields.ts'
import type { SourceName } from '../sources/source.ts'
import type { Kind } from './kind.ts'

/** Of a fact; a cell that is not given fulfils nothing but `missing`. */
export type Predicate =
  | { readonly text: string; readonly in: readonly string[] }
  | { readonly number: string; readonly atLeast: number }
  | { readonly number: string; readonly below: number }
  | { readonly given: string }
  | { readonly missing: string }
  /** An instant that the moment of decision has reached. */
  | { readonly past: string }

interface Counted {
  readonly kind: Kind
  readonly where: readonly Predicate[]
  /** Whole days back from the moment of decision; undefined is all there ever was. */
  readonly days: number | undefined
}

/** A cell, or how many whole days have gone by since the instant in a cell. */
export type Value = string | { readonly daysSince: string }

export const FOLDS = ['sum', 'mean', 'max', 'min', 'last'] as const
export type Fold = (typeof FOLDS)[number]

export type Rule =
  | (Counted & { readonly is: 'count' })
  | (Counted & { readonly is: Fold; readonly value: Value })
  /** Different texts. */
  | (Counted & { readonly is: 'distinct'; readonly text: string })
  /** Part of the largest text in the sum, in ppm. */
  | (Counted & { readonly is: 'top'; readonly text: string; readonly value: string })
  | (Counted & { readonly is: 'daysSinceLast' | 'daysSinceFirst' })
  /** By how much the sum differs from that of as many days before, in ppm of the latter. */
  | (Counted & { readonly is: 'trend'; readonly days: number; readonly value: string })
  /** Of two other features, in ppm. */
  | { readonly is: 'ratio'; readonly of: string; readonly to: string }

export type CountedRule = Exclude<Rule, { is: 'ratio' }>

/**
 * What stands where no fact is counted. MISSING: nothing is known. KNOWN_ZERO: zero, of somebody of whom facts of this
 * kind are known, and missing of others. TOLD_ZERO: zero as soon as the source has told anything of anybody; of
 * registers, in which it is good news not to stand.
 */
export type WhenNone = 'MISSING' | 'KNOWN_ZERO' | 'TOLD_ZERO'

export type Unit = 'FEN' | 'COUNT' | 'DAYS' | 'PPM' | 'POINTS' | 'KG' | 'SQM' | 'UNITS'
/** What a supervisor would expect of the risk when the value rises, all else equal. */
export type Direction = 'HIGHER' | 'LOWER' | 'NONE'

export interface Definition {
  readonly name: string
  readonly words: Words
  readonly source: SourceName
  readonly unit: Unit
  readonly risk: Direction
  readonly whenNone: WhenNone
  readonly rule: Rule
}

/** A definition with the version that its whole content gives it. */
export interface Feature extends Definition {
  readonly version: string
}

const shortHash = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 12)

/** Changes whenever any fact of the kind could come out differently. */
export const kindVersion = (kind: Kind): string =>
  shortHash([kind.facts('true'), Object.keys(kind.cells)])

/** What is kept of a definition so that a value of its version can be explained for ever. */
export function explained(definition: Definition): Readonly<Record<string, unknown>> {
  const { rule, ...rest } = definition
  if (rule.is === 'ratio') return { ...rest, rule }
  const { kind, ...counted } = rule
  return { ...rest, rule: { ...counted, kind: kind.name, facts: kindVersion(kind) } }
}

/**
 * Gives each definition its version: a hash of all that the value follows from, and of nothing that it does not.
 *
 * @throws Error where two have one name, or a ratio is not of two that are counted; a mistake of whoever writes them.
 */
export function versioned(definitions: readonly Definition[]): readonly Feature[] {
  const byName = new Map(definitions.map(one => [one.name, one]))
  if (byName.size !== definitions.length) throw new Error('two features have one name')
  const ruleOf = (name: string): Definition => {
    const found = byName.get(name)
    if (!found || found.rule.is === 'ratio')
      throw new Error(`a ratio of ${name}, which is not counted`)
    return found
  }
  const meaning = ({ rule, whenNone }: Definition): unknown =>
    rule.is === 'ratio'
      ? [rule, meaning(ruleOf(rule.of)), meaning(ruleOf(rule.to))]
      : [{ ...rule, kind: kindVersion(rule.kind), days: rule.days ?? null }, whenNone]
  return definitions.map(one => ({ ...one, version: shortHash(meaning(one)) }))
}
