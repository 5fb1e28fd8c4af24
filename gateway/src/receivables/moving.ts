import { commitmentOf, operations as ledger, type Operation } from '@triflow/chaincode/model'
import { dayAfter } from '../network/policy.ts'
import { newSeed } from '../network/operations.ts'
import { runBulk } from '../operations/bulk.ts'
import type { OperationKind } from '../operations/engine.ts'
import type { Services } from '../services.ts'
import {
  balancesOf,
  mspOfMember,
  needReceivables,
  type Receivable,
  type Side,
  type Transfer,
} from './holding.ts'

type Held = { receivable: Receivable; transfer: Transfer | undefined }

const BATCH = 30
const PARALLEL = 4
const OFFER_DAYS = 10

const partiesOf = ({ receivable: { open } }: Held) => ({
  obligorMsp: open.obligorMsp,
  holderMsp: open.holderMsp,
})

const laneOf = ({ receivable: { open } }: Held): string =>
  [open.obligorMsp, open.holderMsp, open.lock?.toMsp ?? ''].join('|')

interface MoveKind {
  readonly kind: string
  /** Taken for many at once; the others are asked for by one certificate. */
  readonly bulk?: boolean
  readonly sides: readonly Side[]
  readonly build: (services: Services, held: readonly Held[]) => Promise<Operation>
}

/** A move that many certificates make alike. */
function moving(services: Services, move: MoveKind): OperationKind<{ certificateIds: string[] }> {
  return {
    kind: move.kind,
    bulk: move.bulk ?? false,
    async run(run, { certificateIds }) {
      const ids = [...new Set(certificateIds)]
      const read = (some: readonly string[]): Promise<Held[]> =>
        needReceivables(services, run.memberId, { ids: some, sides: move.sides })
      await runBulk(run, {
        plan: async () =>
          (await read(ids)).map(held => ({ id: held.receivable.id, parties: laneOf(held) })),
        batchMax: BATCH,
        parallel: PARALLEL,
        build: async some => {
          // After the move the caller may stand on no side of it any more; the plan has checked it.
          const held = await needReceivables(services, undefined, {
            ids: some,
            sides: ['OBLIGOR', 'HOLDER', 'OFFERED'],
          })
          return move.build(services, held)
        },
      })
    },
  }
}

async function termsItems(services: Services, held: readonly Held[]) {
  return Promise.all(
    held.map(async one => ({
      ...partiesOf(one),
      id: one.receivable.id,
      terms: one.receivable.opening,
      balances: await balancesOf(services, one.receivable),
    })),
  )
}

function transferItems(held: readonly Held[]) {
  return held.map(one => ({
    ...partiesOf(one),
    id: one.receivable.id,
    toMsp: one.receivable.open.lock?.toMsp ?? '',
    terms: one.receivable.opening,
    transfer: one.transfer?.opening ?? ('' as never),
  }))
}

const MOVES: readonly MoveKind[] = [
  {
    kind: 'certificates.offer',
    bulk: true,
    sides: ['OBLIGOR'],
    build: async (_services, held) =>
      ledger.receivables.offer({
        items: held.map(one => ({
          ...partiesOf(one),
          id: one.receivable.id,
          commitment: commitmentOf(one.receivable.opening),
        })),
      }),
  },
  {
    kind: 'certificates.accept',
    bulk: true,
    sides: ['HOLDER'],
    build: async (services, held) =>
      ledger.receivables.accept({ seed: newSeed(), items: await termsItems(services, held) }),
  },
  {
    kind: 'certificates.reject',
    sides: ['OBLIGOR', 'HOLDER'],
    build: async (services, held) =>
      ledger.receivables.reject({ seed: newSeed(), items: await termsItems(services, held) }),
  },
  {
    kind: 'certificates.withdraw',
    sides: ['OBLIGOR'],
    build: async (services, held) =>
      ledger.receivables.withdraw({ seed: newSeed(), items: await termsItems(services, held) }),
  },
  {
    kind: 'certificates.expire',
    bulk: true,
    sides: ['OBLIGOR', 'HOLDER'],
    build: async (services, held) =>
      ledger.receivables.expire({ seed: newSeed(), items: await termsItems(services, held) }),
  },
  {
    kind: 'transfers.signOff',
    bulk: true,
    sides: ['OFFERED'],
    build: async (_services, held) =>
      ledger.receivables.signOff({ seed: newSeed(), items: transferItems(held) }),
  },
  {
    kind: 'transfers.reject',
    sides: ['OFFERED'],
    build: async (_services, held) =>
      ledger.receivables.rejectTransfer({ seed: newSeed(), items: transferItems(held) }),
  },
  {
    kind: 'transfers.recall',
    sides: ['HOLDER'],
    build: async (_services, held) =>
      ledger.receivables.recallTransfer({ seed: newSeed(), items: transferItems(held) }),
  },
  {
    kind: 'transfers.expire',
    bulk: true,
    sides: ['HOLDER', 'OFFERED', 'OBLIGOR'],
    build: async (_services, held) =>
      ledger.receivables.expireTransfer({ seed: newSeed(), items: transferItems(held) }),
  },
  {
    kind: 'settlement.mature',
    bulk: true,
    sides: ['OBLIGOR', 'HOLDER'],
    build: async (_services, held) =>
      ledger.receivables.mature({
        items: held.map(one => ({
          ...partiesOf(one),
          id: one.receivable.id,
          terms: one.receivable.opening,
        })),
      }),
  },
]

export function defineMoves(services: Services): void {
  for (const move of MOVES) services.engine.define(moving(services, move))
}

export interface SplitInput {
  readonly certificateId: string
  readonly amountsFen: readonly string[]
}

/** The parent is consumed; the children are the holder’s, in the order of the amounts. */
export function certificateSplit(services: Services): OperationKind<SplitInput> {
  return {
    kind: 'certificates.split',
    async run(run, { certificateId, amountsFen }) {
      const children = amountsFen.map((amount, index) => ({
        id: run.id(`child/${index}`),
        faceFen: BigInt(amount) as never,
      }))
      await run.single('split', async () => {
        const [held] = await needReceivables(services, run.memberId, {
          ids: [certificateId],
          sides: ['HOLDER'],
        })
        if (!held) throw new Error('one id gives one certificate')
        return {
          operation: ledger.receivables.split({
            ...partiesOf(held),
            id: certificateId,
            seed: newSeed(),
            terms: held.receivable.opening,
            children,
          }),
        }
      })
      for (const [index, child] of children.entries())
        run.settle({ id: `${certificateId}/${index}`, ok: true, resultId: child.id })
    },
  }
}

export interface TransferInput {
  readonly certificateId: string
  readonly toMemberId: string
  readonly until?: string | undefined
  readonly reason: string
}

export function transferOffer(services: Services): OperationKind<TransferInput> {
  return {
    kind: 'transfers.offer',
    async run(run, input) {
      const today = await run.memo('today', () => services.network.businessDay())
      const toMsp = await mspOfMember(services, input.toMemberId)
      await run.single('offer', async () => {
        const [held] = await needReceivables(services, run.memberId, {
          ids: [input.certificateId],
          sides: ['HOLDER'],
        })
        if (!held) throw new Error('one id gives one certificate')
        return {
          operation: ledger.receivables.offerTransfer({
            seed: newSeed(),
            items: [
              {
                ...partiesOf(held),
                id: input.certificateId,
                toMsp,
                terms: held.receivable.opening,
                to: input.toMemberId,
                until: (input.until ?? dayAfter(today, OFFER_DAYS)) as never,
                reason: input.reason,
              },
            ],
          }),
        }
      })
      run.settle({ id: input.certificateId, ok: true })
    },
  }
}
