/** A chain of blocks made from a seed: the same in every process, and of any length. */
import { hashHeader } from '@triflow/network/proof'
import type { LedgerBlock } from '../../platform/ledger/blocks.ts'
import type { Ledger } from '../../platform/ledger/ledger.ts'
import { block, scriptedLedger } from '../../testing/ledger.ts'
import { invoiceOf, invoiceState } from '../../testing/records.ts'

export const OWN_MSP = 'AllianceMSP'
const SIDES = { buyer: 'm00000000000000cc', seller: 'm00000000000000aa' }

/** Small and repeatable; the tests do not ask more of it. */
function createRandom(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1
  return below => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

function transactionOf(number: number, random: (below: number) => number) {
  const id = `${number}-${random(1_000)}`
  const older = `${Math.max(0, number - 1 - random(3))}-0`
  const match = random(2) === 0 ? 'MATCHED' : 'NONE'
  const totalFen = String(1 + random(1_000_000))
  return {
    code: random(10) === 0 ? 11 : 0,
    writes: [
      { key: `I:${id}`, value: { ...invoiceState, match } },
      { key: `I:${older}`, value: random(4) === 0 ? undefined : { ...invoiceState, match } },
    ],
    secrets: [{ key: `I:${id}`, value: { ...invoiceOf(SIDES, id), totalFen } }],
  }
}

/** Linked as a ledger's blocks are: each has the hash of the header before. */
export function chainOf(seed: number, blocks: number): LedgerBlock[] {
  const random = createRandom(seed)
  return linked(
    Array.from({ length: blocks }, (_, number) =>
      block(
        number,
        Array.from({ length: random(4) }, () => transactionOf(number, random)),
      ),
    ),
  )
}

/** The same blocks, each with the hash of the header before. */
export function linked(blocks: readonly LedgerBlock[]): LedgerBlock[] {
  const chain: LedgerBlock[] = []
  let previousHash = ''
  for (const one of blocks) {
    const made = { ...one, previousHash }
    chain.push(made)
    const header = {
      number: made.number,
      previousHash: hex(previousHash),
      dataHash: hex(made.dataHash),
    }
    previousHash = Buffer.from(hashHeader(header)).toString('hex')
  }
  return chain
}

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))

/** Hands on the blocks of a chain, one after the other, and then waits for ever, as a ledger does. */
export function ledgerOf(chain: readonly LedgerBlock[], pauseMs = 0): Ledger {
  return {
    ...scriptedLedger({}),
    height: async () => BigInt(chain.length),
    async *blocks(first: bigint, signal: AbortSignal) {
      for (const one of chain.slice(Number(first))) {
        if (signal.aborted) return
        yield one
        if (pauseMs > 0) await new Promise(resolve => setTimeout(resolve, pauseMs))
      }
      await new Promise<void>(resolve => {
        if (signal.aborted) resolve()
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    },
  }
}
