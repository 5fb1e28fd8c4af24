import type { Handlers } from '../platform/http/bind.ts'
import type { Services } from '../services.ts'
import { policyAdopt, policyPropose, policySetUp, rulesSet } from './operations.ts'

type Names =
  | 'organization.get'
  | 'policy.get'
  | 'policy.setUp'
  | 'policy.propose'
  | 'policy.adopt'
  | 'rules.set'

/** The pilot names its organisations after what they are; elsewhere the configuration says it. */
function kindOf(organization: string): 'CORE' | 'ALLIANCE' | 'BANK' | 'REGULATOR' | 'LOGISTICS' {
  if (organization.startsWith('alliance')) return 'ALLIANCE'
  if (organization.startsWith('bank')) return 'BANK'
  if (organization.startsWith('regulator')) return 'REGULATOR'
  if (organization.startsWith('logistics')) return 'LOGISTICS'
  return 'CORE'
}

export function networkHandlers(services: Services): Handlers<Names> {
  const { config, engine, network } = services
  engine.define(policySetUp(services))
  engine.define(policyPropose(services))
  engine.define(policyAdopt(services))
  engine.define(rulesSet(services))
  return {
    'organization.get': async () => ({
      organization: config.organization,
      name: config.displayName ?? config.organization,
      displayName: config.displayName ?? config.organization,
      simulators: config.simulators,
      mspId: config.mspId,
      kind: config.kind ?? kindOf(config.organization),
      ledger: config.ledger.name,
      channel: config.ledger.channel,
      calendarOffsetDays: (await network.policy())?.calendarOffsetDays ?? 0,
      businessDay: await network.businessDay(),
    }),
    'policy.get': async () => policyView(services),
    'policy.setUp': async call => engine.perform('policy.setUp', call.body, by(call)),
    'policy.propose': async call => engine.perform('policy.propose', call.body, by(call)),
    'policy.adopt': async call => engine.perform('policy.adopt', call.body, by(call)),
    'rules.set': async call => engine.perform('rules.set', call.body, by(call)),
  }
}

interface WriteCall {
  readonly caller: { userId: string; memberId: string | undefined }
  readonly write: Parameters<Services['engine']['perform']>[2]['write']
}

/** Who does it and under which key: what every handler passes to the engine. */
export function by(call: WriteCall) {
  return { userId: call.caller.userId, memberId: call.caller.memberId, write: call.write }
}

async function policyView({ network }: Services) {
  const policy = await network.needPolicy()
  const proposal = await network.proposal()
  const today = await network.businessDay()
  const versions = policy.versions.filter(v => v.effectiveFrom <= today)
  const inForce = versions.at(-1) ?? policy.versions[0]
  if (!inForce) throw new Error('a policy has a version')
  const { calendar, fingerprintKeyHash: _hash, ...parameters } = inForce.parameters
  return {
    version: inForce.version,
    effectiveFrom: inForce.effectiveFrom,
    guardians: policy.guardians,
    calendarOffsetDays: policy.calendarOffsetDays,
    ...(proposal ? { pendingBy: proposal.by } : {}),
    parameters: {
      ...parameters,
      holidays: calendar.holidays,
      workdays: calendar.workdays,
    },
  }
}
