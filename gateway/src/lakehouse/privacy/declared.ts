/**
 * What a family of tables says of the people in it: how long rows are kept, and how rows of a subject are found.
 *
 * A subject's identifier is unmistakable by its form (`p` and 16 hex digits, a unified social credit code, `m` and 16
 * hex digits on the ledger). So a text names it wherever the identifier stands in it: a list of fields could forget one.
 */
import type { RetentionClass, SourceName, Subject } from '../sources/source.ts'

/** One class for all rows, or one by the value of a column. */
export type ClassOf =
  | RetentionClass
  | {
      readonly column: string
      readonly of: Readonly<Record<string, RetentionClass>>
      readonly otherwise: RetentionClass
    }

/** Every table of the lake has one: what nobody has thought of must not be kept for ever by silence. */
export type Retained =
  | {
      readonly table: string
      /** NO_PERSONAL_DATA: about nobody. LEDGER_PROOF: what proves the rest, and stands on the ledger anyway. */
      readonly keeps: 'NO_PERSONAL_DATA' | 'LEDGER_PROOF'
      readonly why: string
    }
  | {
      readonly table: string
      /** Made out of another table, and goes with the rows of that one. */
      readonly keeps: 'FOLLOWS'
      readonly of: string
    }
  | {
      readonly table: string
      readonly keeps: 'TIME'
      readonly class: ClassOf
      /** When the period of a row begins: a column that is a TIMESTAMP. */
      readonly clock: string
      /** Rows of which another value stands here are LEDGER_PROOF. */
      readonly only?: { readonly column: string; readonly value: string }
    }

export type Finding =
  /** The column holds the identifier; another column, where there is one, the kind of subject. */
  | { readonly by: 'COLUMN'; readonly column: string; readonly kindColumn?: string }
  /** Somewhere in a text. */
  | { readonly by: 'TEXT'; readonly column: string }

export interface Personal {
  readonly table: string
  readonly finds: Readonly<Partial<Record<Subject['kind'], readonly Finding[]>>>
  /** DELETE: the row goes. REDACT: it keeps its place, and says a commitment where its value was. */
  readonly erase: 'DELETE' | 'REDACT'
  /** The source of a row, or the column that names it, where a deletion may be of one source alone. */
  readonly source?: string | { readonly is: SourceName }
  /** Texts of rows about others in which the identifier may stand: there it is blanked. */
  readonly named?: readonly string[]
}

/** A table of columns `subject_kind` and `subject`, as those of the sources are. */
export const ofSubject = (
  table: string,
  more: Pick<Personal, 'source' | 'named'> = {},
): Personal => {
  const finds = [{ by: 'COLUMN', column: 'subject', kindColumn: 'subject_kind' }] as const
  return { table, finds: { MEMBER: finds, PERSON: finds }, erase: 'DELETE', ...more }
}
