import { randomBytes } from 'node:crypto'
import { operations as ledger, type MemberKind } from '@triflow/chaincode/model'
import type { z } from 'zod'
import type { OperationKind } from '../operations/engine.ts'
import { runBulk } from '../operations/bulk.ts'
import type { Services } from '../services.ts'
import type { NewMember } from './api.ts'

export type Enrolment = z.output<typeof NewMember> & { memberId: string }

export function drawPseudonym(): string {
  return `m${randomBytes(8).toString('hex')}`
}

/** Members become known here first, then on the ledger, where only the pseudonym and the kind stand. */
export function memberCreate(services: Services): OperationKind<{ members: Enrolment[] }> {
  return {
    kind: 'members.create',
    bulk: true,
    async run(run, { members }) {
      const byId = new Map(members.map(member => [member.memberId, member]))
      await runBulk(run, {
        plan: async () => members.map(({ memberId }) => ({ id: memberId, parties: 'own' })),
        batchMax: 50,
        parallel: 2,
        build: async (ids, { attempt }) =>
          ledger.members.register({
            members: ids.map(id => registration(byId.get(id) as Enrolment)),
            endorsers: await services.network.endorsers(attempt),
          }),
        resultId: id => id,
      })
    },
  }
}

function registration(member: Enrolment) {
  return {
    memberId: member.memberId,
    kind: member.kind as MemberKind,
    ...(member.settlementMsps ? { settlementMsps: member.settlementMsps } : {}),
  }
}
