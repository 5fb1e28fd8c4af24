import { createHash, randomBytes } from 'node:crypto'
import type { Operation } from '@triflow/chaincode/model'
import type { LedgerBlock, LedgerTransaction } from '../platform/ledger/blocks.ts'
import type { Ledger, Prepared } from '../platform/ledger/ledger.ts'
import type { Outcome } from '../platform/ledger/outcome.ts'

/** What one endorsement or status question of a test is answered with. */
export interface Script {
  readonly endorse?: (Outcome | 'endorsed')[]
  readonly status?: Outcome[]
}

export interface ScriptedLedger extends Ledger {
  readonly endorsed: Operation[]
  /** Transaction ids in the order they were sent. */
  readonly sent: string[]
  readonly asked: string[]
}

/**
 * A ledger that answers by a script, to reach outcomes that a real one gives once in ten thousand: the claims
 * about them are about our decisions, not about the ledger.
 */
export function scriptedLedger(script: Script): ScriptedLedger {
  const endorse = [...(script.endorse ?? [])]
  const status = [...(script.status ?? [])]
  const ledger: ScriptedLedger = {
    endorsed: [],
    sent: [],
    asked: [],
    evaluate: async () => new Uint8Array(),
    async endorse(_identity, operation) {
      ledger.endorsed.push(operation)
      const answer = endorse.shift() ?? 'endorsed'
      if (answer !== 'endorsed') return answer
      const prepared: Prepared = {
        txId: randomBytes(32).toString('hex'),
        envelope: randomBytes(8),
        result: new Uint8Array(),
      }
      return prepared
    },
    async submit(prepared) {
      ledger.sent.push(prepared.txId)
    },
    async status(txId) {
      ledger.asked.push(txId)
      return status.shift() ?? { kind: 'committed', blockNumber: 7n }
    },
    height: async () => 0n,
    async *blocks() {
      return
    },
    close: () => undefined,
  }
  return ledger
}

type Write = { key: string; value: object | undefined }

/** A block as the ledger client hands it on. */
export function block(
  number: number,
  transactions: readonly {
    name?: string
    code?: number
    writes?: readonly Write[]
    secrets?: readonly Write[]
    msp?: string
    withheld?: readonly string[]
  }[],
): LedgerBlock {
  return {
    number: BigInt(number),
    previousHash: '',
    dataHash: createHash('sha256')
      .update(JSON.stringify([number, transactions]))
      .digest('hex'),
    transactions: transactions.map((one, index): LedgerTransaction => ({
      index,
      txId: `tx-${number}-${index}`,
      validationCode: one.code ?? 0,
      name: one.name ?? 'trade:submitInvoices',
      timestampMs: Date.UTC(2026, 0, 1) + number * 1000,
      creatorMsp: 'CoreMSP',
      writes: (one.writes ?? []).map(bytes),
      privateWrites: (one.secrets ?? []).map(write => ({
        ...bytes(write),
        collection: `_implicit_org_${one.msp ?? 'AllianceMSP'}`,
      })),
      withheld: one.withheld ?? [],
    })),
  }
}

function bytes({ key, value }: Write): { key: string; value: Uint8Array | undefined } {
  return { key, value: value === undefined ? undefined : Buffer.from(JSON.stringify(value)) }
}
