import { rowsOf } from './ranges.ts'
import { readBlock, isBlockFault } from './rules/block.ts'
import { isRefused, readEndorserAction, readEnvelope } from './rules/envelope.ts'
import { deletes } from './rules/rwset.ts'
import type { StateView } from './store/database.ts'
import { afterPrefix, historyPrefix, readPlace } from './store/keys.ts'
import type { KeyModification, Rows } from './types.ts'

/** What one transaction of a block wrote to a key. */
const modificationIn = (
  entry: Uint8Array,
  namespace: string,
  key: string,
): KeyModification | undefined => {
  const header = readEnvelope(entry)
  if (isRefused(header)) return undefined
  const action = readEndorserAction(header)
  if (isRefused(action)) return undefined
  const set = action.sets.find(one => one.namespace === namespace)
  const write = set?.writes.findLast(one => one.key === key)
  if (write === undefined) return undefined
  const { txId, timestamp } = header
  return { txId, timestamp, value: write.value, isDelete: deletes(write) }
}

/**
 * A key's values, newest first. The table says which transactions wrote it, the blocks hold
 * what they wrote, so history takes no second copy of the values.
 */
export const historyOf = (
  blockOf: (number: number) => Uint8Array | undefined,
): ((view: StateView, namespace: string, key: string) => Rows<KeyModification>) => {
  return (view, namespace, key) => {
    const prefix = historyPrefix(namespace, key)
    const rows = function* (): Iterable<KeyModification> {
      const end = afterPrefix(prefix)
      const entries = view.entries('history', {
        ...(end === undefined ? { start: prefix } : { start: end, end: prefix }),
        reverse: true,
      })
      for (const entry of entries) {
        const { block, tx } = readPlace(entry.key, prefix.length)
        const found = modificationAt(blockOf(block), { tx, namespace, key })
        if (found !== undefined) yield found
      }
    }
    return rowsOf(rows())
  }
}

const modificationAt = (
  bytes: Uint8Array | undefined,
  at: { readonly tx: number; readonly namespace: string; readonly key: string },
): KeyModification | undefined => {
  const block = bytes === undefined ? undefined : readBlock(bytes)
  if (block === undefined || isBlockFault(block)) return undefined
  const entry = block.envelopes[at.tx]
  return entry === undefined ? undefined : modificationIn(entry, at.namespace, at.key)
}
