/**
 * What the gateway and a sandbox process say to each other; see sandbox.ts for why there are two
 * processes.
 */
import type { Json } from './ast.ts'

export interface SandboxSpec {
  /** Statements that bring the lake to an empty DuckDB, before it is closed off. */
  readonly attach: readonly string[]
  /** Statements that make the masked views. */
  readonly views: readonly string[]
  /** The only folders or buckets that files may be read from afterwards. */
  readonly folders: readonly string[]
  /** What no message may show: what cannot connect names everything it has tried to connect with. */
  readonly secrets: readonly string[]
  readonly memoryMb: number
  readonly threads: number
  /** There are rows below the views that the reader may not see. */
  readonly hidesRows: boolean
}

export type ParameterValue = string | number | boolean | null
export interface Bound {
  readonly value: ParameterValue
  readonly type: 'VARCHAR' | 'BIGINT' | 'DATE' | 'BOOLEAN'
}

export interface Run {
  readonly kind: 'RUN'
  readonly sql: string
  readonly values: Readonly<Record<string, Bound>>
  readonly timeoutMs: number
  readonly rowsMax: number
  readonly bytesMax: number
}

/** A table that needs no lake, into a file. */
export interface Pack {
  readonly kind: 'PACK'
  /** What is made of the columns c0, c1 and so on, which are texts. */
  readonly select: string
  readonly cells: readonly (readonly (string | null)[])[]
  readonly width: number
  readonly file: string
}

export type Request =
  | { readonly kind: 'OPEN'; readonly spec: SandboxSpec }
  /** SQL to a tree. */
  | { readonly kind: 'PARSE'; readonly sql: string }
  /** A tree to SQL. */
  | { readonly kind: 'PRINT'; readonly tree: Json }
  | Run
  | Pack

export interface ResultColumn {
  readonly name: string
  readonly type: string
}

export interface Answer {
  readonly columns: readonly ResultColumn[]
  readonly rows: readonly (readonly Json[])[]
  /** True where the query has more rows than are given. */
  readonly truncated: boolean
}

export type FaultCode =
  'QUERY_INVALID' | 'QUERY_FAILED' | 'QUERY_TIMEOUT' | 'QUERY_MEMORY' | 'SANDBOX_BROKEN'

export type Reply =
  | { readonly ok: true; readonly value: Json | Answer }
  | { readonly ok: false; readonly code: FaultCode; readonly detail?: string }

/** A sandbox that is about to take too much ends itself with this status. */
export const EXIT_MEMORY = 77
