/** Features come in families: one sentence, over several lengths of time. */
import type { Words } from '../../sources/fields.ts'
import type { SourceName } from '../../sources/source.ts'
import type {
  CountedRule,
  Definition,
  Direction,
  Predicate,
  Unit,
  WhenNone,
} from '../definition.ts'
import type { Kind } from '../kind.ts'

type Without<R, K extends string> = R extends unknown ? Omit<R, K> : never

export type Family = Without<CountedRule, 'kind' | 'where' | 'days'> & {
  readonly words: Words
  readonly unit: Unit
  readonly risk?: Direction
  readonly whenNone?: WhenNone
  readonly where?: readonly Predicate[]
  /** Lengths of time in days; without any, all there ever was. */
  readonly over?: readonly number[]
}

/** By name; over a length of time the name ends in it: `bank_in_90d`. */
export type Families = Readonly<Record<string, Family>>

export function featuresOf(kind: Kind, families: Families): Definition[] {
  return Object.entries(families).flatMap(([name, family]) =>
    family.over === undefined
      ? [definition(kind, name, family, undefined)]
      : family.over.map(days => definition(kind, name, family, days)),
  )
}

function definition(
  kind: Kind,
  name: string,
  { words, unit, risk = 'NONE', whenNone = 'MISSING', where = [], over: _, ...rule }: Family,
  days: number | undefined,
): Definition {
  return {
    name: days === undefined ? name : `${name}_${days}d`,
    words: days === undefined ? words : spoken(words, days),
    source: kind.source,
    unit,
    risk,
    whenNone,
    rule: { ...rule, kind, where, days } as CountedRule,
  }
}

const spoken = ({ zh, en }: Words, days: number): Words => ({
  zh: `近${days}天${zh}`,
  en: `${en}, last ${days} days`,
})

interface Ratio {
  readonly words: Words
  readonly of: string
  readonly to: string
  readonly risk?: Direction
  readonly over?: readonly number[]
}

/** Shares and proportions of what is counted elsewhere, in ppm; missing where the whole is not above zero. */
export function ratiosOf(
  source: SourceName,
  ratios: Readonly<Record<string, Ratio>>,
): Definition[] {
  return Object.entries(ratios).flatMap(([name, { words, of, to, risk = 'NONE', over }]) =>
    (over ?? [undefined]).map((days): Definition => {
      const named = (text: string): string => (days === undefined ? text : `${text}_${days}d`)
      return {
        name: named(name),
        words: days === undefined ? words : spoken(words, days),
        source,
        unit: 'PPM',
        risk,
        whenNone: 'MISSING',
        rule: { is: 'ratio', of: named(of), to: named(to) },
      }
    }),
  )
}

export const words = (zh: string, en: string): Words => ({ zh, en })
export const isText = (text: string, ...values: string[]): Predicate => ({ text, in: values })
export const atLeast = (number: string, least: number): Predicate => ({ number, atLeast: least })
