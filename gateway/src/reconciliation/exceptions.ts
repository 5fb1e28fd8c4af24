import {
  operations as ledger,
  type OverrideReason,
  type RejectionReason,
} from '@triflow/chaincode/model'
import { newSeed } from '../network/operations.ts'
import type { OperationKind } from '../operations/engine.ts'
import type { Run } from '../operations/run.ts'
import { CodedError } from '../platform/faults.ts'
import { needPrivate } from '../projection/records.ts'
import type { Services } from '../services.ts'
import { boughtInvoices } from './confirming.ts'
import { gatherEvidence } from './evidence.ts'
import { remarkOf } from './remark.ts'

interface OverrideInput {
  readonly invoiceId: string
  readonly acceptedFen: string
  readonly code?: OverrideReason | undefined
  readonly reason: string
}

async function parties(services: Services, run: Run, invoiceId: string) {
  const [bought] = await boughtInvoices(services, run.memberId, [invoiceId])
  if (!bought) throw new Error('one id gives one invoice')
  return { buyerMsp: bought.buyerMsp, sellerMsp: bought.sellerMsp }
}

export function overridePropose(services: Services): OperationKind<OverrideInput> {
  return {
    kind: 'overrides.propose',
    async run(run, { invoiceId, acceptedFen, code = 'OTHER', reason }) {
      const sides = await parties(services, run, invoiceId)
      await run.single('propose', async () => {
        const balance = await needPrivate(services.database, 'balance', invoiceId)
        return {
          operation: ledger.reconciliation.proposeOverride({
            ...sides,
            invoiceId,
            reason: code,
            remark: remarkOf(reason),
            seed: newSeed(),
            balance: balance.opening,
            acceptedFen: BigInt(acceptedFen) as never,
          }),
        }
      })
      run.settle({ id: invoiceId, ok: true })
    },
  }
}

export function overrideApprove(services: Services): OperationKind<{ invoiceId: string }> {
  return {
    kind: 'overrides.approve',
    async run(run, { invoiceId }) {
      await parties(services, run, invoiceId)
      await run.single('approve', async () => {
        const balance = await needPrivate(services.database, 'balance', invoiceId)
        const evidence = (await gatherEvidence(services, [invoiceId])).get(invoiceId)
        if (!evidence || 'lacking' in evidence)
          throw new CodedError(evidence?.lacking ?? 'OBJECT_UNKNOWN')
        return {
          operation: ledger.reconciliation.override({
            seed: newSeed(),
            item: { ...evidence.item, balance: balance.opening },
          }),
        }
      })
      run.settle({ id: invoiceId, ok: true })
    },
  }
}

export function exceptionReject(
  services: Services,
): OperationKind<{ invoiceId: string; code?: RejectionReason | undefined; reason: string }> {
  return {
    kind: 'exceptions.reject',
    async run(run, { invoiceId, code = 'OTHER', reason }) {
      const sides = await parties(services, run, invoiceId)
      await run.single('reject', async () => ({
        operation: ledger.reconciliation.reject({
          ...sides,
          invoiceId,
          seed: newSeed(),
          reason: code,
          remark: remarkOf(reason),
        }),
      }))
      run.settle({ id: invoiceId, ok: true })
    },
  }
}
