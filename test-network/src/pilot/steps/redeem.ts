import type { Certificate } from '@triflow/gateway/client'
import { coreAccount, daysBetween } from '../../generator/index.ts'
import { ORGANIZATION_KEYS } from '../actors.ts'
import { inParallel, until } from '../patience.ts'
import { allItemsOk, everything, sumFen, transactionOf, type Stage } from '../stage.ts'
import { SETTLEMENT } from '../world.ts'
import { importStatements } from './statements.ts'

/** States from which a certificate can no longer be redeemed. */
const ENDED: ReadonlySet<string> = new Set(['CONSUMED', 'REDEEMED', 'CANCELLED', 'WRITTEN_OFF'])

const certificates = async (
  stage: Stage,
  query: Record<string, unknown> = {},
): Promise<Certificate[]> =>
  everything(await stage.actors.as('core', 'maker'), 'certificates.list', query)

/** The calendar moves to the due date, the obligor pays, the statement redeems every leaf pro rata. */
export async function redeem(stage: Stage): Promise<void> {
  await moveCalendar(stage)
  await mature(stage)
  const roots = await payRoots(stage)
  await settle(stage, roots)
  const redeemed = await collect(stage)
  stage.tell({
    what: 'Certificates redeemed; leaves',
    count: redeemed.length,
    amountFen: sumFen(redeemed.map(one => one.faceFen)),
    ...(redeemed[0] ? { txId: redeemed[0].txId } : {}),
  })
  stage.tell({
    what: 'Paid by the obligor at maturity; roots',
    count: roots.length,
    amountFen: sumFen(roots.map(one => one.faceFen)),
  })
}

/** Two people of two organisations move the pilot's calendar; production knows no such thing. */
async function moveCalendar(stage: Stage): Promise<void> {
  const { today, dueOn } = stage.world.plan
  const operator = await stage.actors.operator('core')
  const policy = await operator.call('policy.get', {})
  const { businessDay } = await operator.call('organization.get', {})
  const missing = daysBetween(businessDay, dueOn)
  if (missing > 0) {
    const body = { calendarOffsetDays: policy.calendarOffsetDays + missing }
    await operator.perform('policy.propose', { body })
    const second = await stage.actors.operator('alliance')
    await until('the proposal to reach the second person', async () =>
      (await second.call('policy.get', {})).pendingBy ? true : undefined,
    )
    const operation = await second.perform('policy.adopt', { body })
    stage.tell({
      what: `Pilot calendar moved from ${today} to ${dueOn}`,
      count: 1,
      ...transactionOf(operation),
    })
  }
  await stage.outside.moveTo('banka', dueOn)
  await stage.outside.moveTo('bankb', dueOn)
}

async function mature(stage: Stage): Promise<void> {
  const operator = await stage.actors.operator('core')
  const isEarly = (one: Certificate): boolean =>
    one.state === 'ACTIVE' || one.state.startsWith('LOCKED')
  await until('certificates to fall due', async () => {
    const early = (await certificates(stage)).filter(isEarly)
    if (early.length === 0) return true
    const operation = await operator.perform('settlement.mature', { body: {} })
    stage.tell({
      what: 'Certificates fallen due',
      count: early.length,
      ...transactionOf(operation),
    })
    return undefined
  })
}

/** The obligor pays each root once, with the root's id as reference. */
async function payRoots(stage: Stage): Promise<Certificate[]> {
  const { firms, plan } = stage.world
  const all = await certificates(stage)
  const roots = all.filter(one => one.rootId === one.certificateId)
  const account = coreAccount(firms, SETTLEMENT.branch)
  const totalFen = BigInt(sumFen(roots.map(one => one.faceFen)))
  await stage.outside.deposit(SETTLEMENT.bank, {
    account,
    amountFen: totalFen,
    reference: 'FUNDING-1',
  })
  const bank = firms.banks[0]
  const transfers = roots.map(root => ({
    endToEndId: root.certificateId,
    debtorAccount: account,
    creditorName: bank?.name ?? '',
    creditorUscc: bank?.uscc ?? '',
    creditorAccount: bank?.account ?? '',
    amountFen: BigInt(root.faceFen ?? '0'),
    executeOn: plan.dueOn,
  }))
  await stage.outside.pay(SETTLEMENT.bank, 'REDEMPTION-1', transfers)
  await importStatements(stage, SETTLEMENT.bank, account)
  return roots
}

/**
 * The obligor discloses each root to its bank, as a payment order does, and the bank puts the payment of its
 * statement on the root.
 */
async function settle(stage: Stage, roots: readonly Certificate[]): Promise<void> {
  const obligor = await stage.actors.as('core', 'treasurer')
  const treasurer = await stage.actors.as(SETTLEMENT.bank, 'treasurer')
  const items = await inParallel(roots, 4, async ({ certificateId }) => {
    const params = { certificateId }
    const instruction = await obligor.call('settlement.instruction', { params })
    const entry = await until('the payment entry', async () => {
      const query = { reference: certificateId }
      return (await everything(treasurer, 'statementEntries.list', query))[0]
    })
    return { rootId: certificateId, entryId: entry.entryId, instruction }
  })
  const open = items.filter(item => item.instruction.openFen !== '0')
  if (open.length === 0) return
  const operation = await treasurer.perform('settlement.settle', { body: { items: open } })
  allItemsOk(operation, 'settlement.settle')
  stage.tell({ what: 'Payments put on roots', count: open.length, ...transactionOf(operation) })
}

/** Every holder collects; the operators' clocks do it for their members. */
async function collect(stage: Stage): Promise<Certificate[]> {
  return until('all leaves to be redeemed', async () => {
    const all = await certificates(stage)
    const open = all.filter(one => !ENDED.has(one.state))
    if (open.length === 0) return all.filter(one => one.state === 'REDEEMED')
    const holders = [...new Set(open.map(one => one.holderMsp))]
    await inParallel(holders, 3, async msp => {
      const key = ORGANIZATION_KEYS[msp]
      if (!key) throw new Error(`no organisation ${msp}`)
      const operator = await stage.actors.operator(key)
      await operator.perform('settlement.collect', { body: {} })
    })
    return undefined
  })
}
