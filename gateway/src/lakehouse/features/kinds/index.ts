import type { Kind } from '../kind.ts'
import * as ledger from './ledger.ts'
import * as sources from './sources.ts'

export { ledger, sources }

export const KINDS: readonly Kind[] = [...Object.values(ledger), ...Object.values(sources)]
