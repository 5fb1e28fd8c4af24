import { GatewayProblem, type Client, type Input } from '@triflow/gateway/client'
import type { Firm } from '../../generator/index.ts'
import { GUARDIANS, organizationOf, type OrganizationKey } from '../../supervisor/organizations.ts'
import { firstPassword, keyOf, type Person } from '../actors.ts'
import { inParallel } from '../patience.ts'
import { allItemsOk, everything, transactionOf, type Stage } from '../stage.ts'
import { SETTLEMENT } from '../world.ts'
import { importOrders } from './imports.ts'

const KINDS = {
  CORE: 'OBLIGOR',
  SUPPLIER: 'SUPPLIER',
  BANK: 'FUNDER',
  LOGISTICS: 'CARRIER',
} as const

/** What the regulation leaves to policy; the figures are those of the law in force, as the pilot reads them. */
const PARAMETERS = {
  tenorMonthsMax: 6,
  splitDepthMax: 6,
  splitChildrenMax: 20,
  faceMinFen: '10000',
  offerDaysMax: 30,
  graceDays: 3,
  lateInterestPpm: '500',
  confirmDaysMax: 30,
  freezeDaysMax: 180,
}

/** Between these two the first orders can go to the ledger. */
const FIRST: readonly OrganizationKey[] = ['core', 'alliance']

/**
 * Members and users: the network's policy, pseudonyms on the ledger, names between the operators, keys for people.
 * The buyer hands in its orders as soon as it and its suppliers are members; the others are enrolled meanwhile.
 */
export async function enrol(stage: Stage): Promise<void> {
  await setUpPolicy(stage)
  await inParallel(FIRST, 2, key => enrolMembers(stage, key))
  await exchangeDirectories(stage, FIRST)
  await Promise.all([importOrders(stage), enrolOthers(stage)])
}

async function enrolOthers(stage: Stage): Promise<void> {
  const others = stage.organizations.filter(key => !FIRST.includes(key))
  await inParallel(others, 4, key => enrolMembers(stage, key))
  await exchangeDirectories(stage, stage.organizations)
  await inParallel(stage.organizations, 6, key => enrolUsers(stage, key))
  await setRules(stage)
}

/** False where the gateway answers that the network has no policy yet. */
async function hasPolicy(operator: Client): Promise<boolean> {
  try {
    await operator.call('policy.get', {})
    return true
  } catch (fault) {
    if (fault instanceof GatewayProblem && fault.code === 'POLICY_MISSING') return false
    throw fault
  }
}

async function setUpPolicy(stage: Stage): Promise<void> {
  const operator = await stage.actors.operator('core')
  if (await hasPolicy(operator)) return
  const operation = await operator.perform('policy.setUp', {
    body: {
      guardians: [...GUARDIANS],
      banks: ['BankAMSP', 'BankBMSP'],
      regulators: [organizationOf('regulator').mspId],
      carriers: [organizationOf('logistics').mspId],
      version: 1,
      effectiveFrom: stage.world.plan.today,
      calendarOffsetDays: 0,
      parameters: PARAMETERS,
    },
  })
  stage.tell({ what: 'Network policy in force', count: 1, ...transactionOf(operation) })
}

type NewMember = Input<'members.create'>['body']['members'][number]

const memberOf = (firm: Firm): NewMember => ({
  memberId: firm.memberId,
  name: firm.name,
  uscc: firm.uscc,
  kind: KINDS[firm.role],
  bankAccount: firm.account,
  ...(firm.tier === undefined ? {} : { tier: firm.tier }),
  ...(firm.role === 'CORE' ? { settlementMsps: [SETTLEMENT.mspId] } : {}),
})

async function enrolMembers(stage: Stage, key: OrganizationKey): Promise<void> {
  const operator = await stage.actors.operator(key)
  const known = new Set((await everything(operator, 'members.list')).map(one => one.memberId))
  const firms = stage.world.firms.all.filter(
    firm => keyOf(firm) === key && !known.has(firm.memberId),
  )
  if (firms.length === 0) return
  const body = { members: firms.map(memberOf) }
  const operation = allItemsOk(await operator.perform('members.create', { body }), 'members')
  stage.tell({
    what: `Members enrolled (${key})`,
    count: firms.length,
    ...transactionOf(operation),
  })
}

/** Who stands behind a pseudonym goes from operator to operator and never to the ledger. */
async function exchangeDirectories(stage: Stage, keys: readonly OrganizationKey[]): Promise<void> {
  const operators = await Promise.all(keys.map(key => stage.actors.operator(key)))
  const pages = await Promise.all(operators.map(one => one.call('directory.export', {})))
  await Promise.all(operators.map((one, index) => introduce(one, pages, index)))
}

async function introduce(
  operator: Client,
  pages: readonly { items: Input<'directory.import'>['body']['items'] }[],
  own: number,
): Promise<void> {
  const items = pages.filter((_, index) => index !== own).flatMap(page => page.items)
  if (items.length > 0) await operator.call('directory.import', { body: { items } })
}

async function enrolUsers(stage: Stage, key: OrganizationKey): Promise<void> {
  const operator = await stage.actors.operator(key)
  const known = await everything(operator, 'users.list')
  const settled = new Set(known.filter(one => !one.passwordOneTime).map(one => one.login))
  const enrolled = new Set(known.map(one => one.login))
  const people = stage.cast.filter(one => one.organization === key && !settled.has(one.login))
  await inParallel(people, 4, async person => {
    if (!enrolled.has(person.login)) await enrolUser(operator, person)
    await stage.actors.welcome(person)
  })
  if (people.length > 0) stage.tell({ what: `Users enrolled (${key})`, count: people.length })
}

async function enrolUser(operator: Client, person: Person): Promise<void> {
  const { login, name, roles, memberId } = person
  const body = { login, name, roles: [...roles], ...(memberId ? { memberId } : {}) }
  await operator.call('users.create', { body: { ...body, password: firstPassword(person) } })
}

/** The buyer's limits for every supplier it buys from; once. */
async function setRules(stage: Stage): Promise<void> {
  if (stage.notes.get('rulesSet')) return
  const { firms } = stage.world
  const sellers = firms.suppliers.filter(firm => firm.tier === 1).map(firm => firm.memberId)
  const operator = await stage.actors.operator('core')
  const operation = await operator.perform('rules.set', {
    body: { buyerMemberId: firms.core.memberId, sellerMemberIds: sellers },
  })
  stage.notes.set('rulesSet', true)
  stage.tell({ what: 'Matching rules set', count: sellers.length, ...transactionOf(operation) })
}
