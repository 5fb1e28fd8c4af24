import { randomBytes } from 'node:crypto'
import {
  consortiumKeyHash,
  DEFAULT_RULES,
  documentId,
  operations as ledger,
  sellerTag,
  type HashHex,
  type PolicyVersion,
  type RuleSet,
  type RulesState,
} from '@triflow/chaincode/model'
import type { z } from 'zod'
import type { OperationKind } from '../operations/engine.ts'
import { createGate } from '../operations/submit.ts'
import { faultError } from '../operations/run.ts'
import { CodedError } from '../platform/faults.ts'
import { findRecord } from '../projection/records.ts'
import type { Services } from '../services.ts'
import type { networkRoutes, RuleLimits } from './api.ts'

type SetUp = z.output<(typeof networkRoutes)['policy.setUp']['body']>
type Change = z.output<(typeof networkRoutes)['policy.propose']['body']>
type SetRules = z.output<(typeof networkRoutes)['rules.set']['body']>

export const newSeed = (): string => randomBytes(32).toString('hex')

export function policySetUp(services: Services): OperationKind<SetUp> {
  return {
    kind: 'policy.setUp',
    async run(run, input) {
      await run.single('setUp', async () => ({
        operation: ledger.members.setUp({
          guardians: input.guardians,
          banks: input.banks,
          regulators: input.regulators,
          carriers: input.carriers,
          calendarOffsetDays: input.calendarOffsetDays,
          policy: policyVersion(input, services.consortiumKey),
        }),
      }))
      run.settle({ id: 'policy', ok: true })
    },
  }
}

function policyVersion(input: SetUp, consortiumKey: string): PolicyVersion {
  const { holidays, workdays, faceMinFen, lateInterestPpm, ...rest } = input.parameters
  return {
    version: input.version,
    effectiveFrom: input.effectiveFrom,
    parameters: {
      ...rest,
      faceMinFen: BigInt(faceMinFen),
      lateInterestPpm: BigInt(lateInterestPpm),
      fingerprintKeyHash: consortiumKeyHash(consortiumKey),
      calendar: { holidays, workdays },
    },
  } as unknown as PolicyVersion
}

export function policyPropose(services: Services): OperationKind<Change> {
  return {
    kind: 'policy.propose',
    async run(run, change) {
      await run.single('propose', async attempt => ({
        operation: ledger.members.proposePolicy({
          change,
          endorsers: await services.network.endorsers(attempt),
        }),
      }))
      run.settle({ id: 'policy', ok: true })
    },
  }
}

export function policyAdopt(services: Services): OperationKind<Change> {
  return {
    kind: 'policy.adopt',
    async run(run, change) {
      await run.single('adopt', async attempt => {
        const { guardians } = await services.network.needPolicy()
        const majority = Math.floor(guardians.length / 2) + 1
        const turned = guardians.map((_, i) => guardians[(i + attempt - 1) % guardians.length])
        const endorsers = turned.slice(0, majority) as string[]
        return { operation: ledger.members.adoptPolicy({ change, endorsers }) }
      })
      run.settle({ id: 'policy', ok: true })
    },
  }
}

export function rulesId(consortiumKey: string, parts: readonly string[]): string {
  return documentId(consortiumKey, 'rules', parts)
}

/** One rule set per seller; those of many sellers go side by side. */
export function rulesSet(services: Services): OperationKind<SetRules> {
  return {
    kind: 'rules.set',
    bulk: true,
    async run(run, input) {
      const pairs = await run.memo('pairs', () => pairsOf(services, run.memberId, input))
      run.expect(pairs.length)
      const gate = createGate(6)
      await Promise.all(
        pairs.map(pair =>
          gate(async () => {
            const result = await run.submit(`rules/${pair.seller}`, async () => ({
              operation: await ruleOperation(services, input, pair),
            }))
            run.settle({
              id: pair.seller,
              ok: result.ok,
              ...(result.ok ? { txId: result.txId } : { code: faultError(result.fault).code }),
            })
          }),
        ),
      )
    },
  }
}

interface Pair {
  readonly buyer: string
  readonly buyerMsp: string
  readonly seller: string
  readonly sellerMsp: string
  readonly sellerTag: HashHex
}

async function pairsOf(
  services: Services,
  memberId: string | undefined,
  input: SetRules,
): Promise<Pair[]> {
  const all = await services.directory.all()
  const wanted = memberId ?? input.buyerMemberId
  const buyer = all.find(e => e.own && (wanted ? e.memberId === wanted : e.kind === 'OBLIGOR'))
  if (!buyer)
    throw new CodedError('OBJECT_UNKNOWN', { detail: 'no such buyer of this organisation' })
  const chosen = input.sellerMemberIds && new Set(input.sellerMemberIds)
  return all
    .filter(e => e.kind === 'SUPPLIER' && e.mspId !== buyer.mspId)
    .filter(e => !chosen || chosen.has(e.memberId))
    .map(e => ({
      buyer: buyer.memberId,
      buyerMsp: buyer.mspId,
      seller: e.memberId,
      sellerMsp: e.mspId,
      sellerTag: sellerTag(services.consortiumKey, e.uscc),
    }))
}

async function ruleOperation(services: Services, input: SetRules, pair: Pair) {
  const { buyer, buyerMsp, seller, sellerMsp } = pair
  const id = rulesId(services.consortiumKey, [buyer, seller, input.category])
  const present = await findRecord<RulesState>(services.database, 'rules', id)
  const limits = input.limits ? limitsOf(input.limits) : DEFAULT_RULES
  const rules = {
    buyer,
    seller,
    category: input.category,
    version: (present?.open.version ?? 0) + 1,
    effectiveFrom: '2020-01-01',
    sellerTag: pair.sellerTag,
    ...limits,
  } as RuleSet
  return ledger.reconciliation.setRules({ id, buyerMsp, sellerMsp, seed: newSeed(), rules })
}

function limitsOf(limits: z.infer<typeof RuleLimits>): typeof DEFAULT_RULES {
  const { priceAbsoluteFen, invoiceDaysMax, ...rest } = limits
  const big = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, BigInt(value)]))
  return {
    ...big,
    priceValueFen: BigInt(priceAbsoluteFen),
    invoiceDaysMax,
  } as unknown as typeof DEFAULT_RULES
}
