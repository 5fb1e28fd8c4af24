import type { Certificate, Client, Invoice } from '@triflow/gateway/client'
import { addDays, type Firm } from '../../generator/index.ts'
import { supplierLogin } from '../actors.ts'
import { inParallel, until } from '../patience.ts'
import { allItemsOk, everything, sumFen, type Stage } from '../stage.ts'

/** Certificates the pilot issues to each supplier of tier 1. */
const PER_SUPPLIER = 10

export const makerOf = (stage: Stage, firm: Firm): Promise<Client> =>
  stage.actors.as('alliance', `${supplierLogin(stage.world.firms.suppliers.indexOf(firm))}.maker`)

export const suppliersOf = (stage: Stage, tier: 1 | 2 | 3): Firm[] =>
  stage.world.firms.suppliers.filter(firm => firm.tier === tier)

const certificatesOf = async (
  stage: Stage,
  query: Record<string, unknown>,
): Promise<Certificate[]> =>
  everything(await stage.actors.as('core', 'maker'), 'certificates.list', query)

/** The obligor draws up and offers, the suppliers accept: confirmed invoices become certificates. */
export async function issue(stage: Stage): Promise<void> {
  const wanted = await propose(stage)
  const checker = await stage.actors.as('core', 'checker')
  const proposed = await until('certificates to reach the checker', async () => {
    const [drafts, all] = await Promise.all([
      certificatesOf(stage, { state: 'PROPOSED' }),
      certificatesOf(stage, {}),
    ])
    return all.length >= wanted ? drafts : undefined
  })
  if (proposed.length > 0) {
    const body = { certificateIds: proposed.map(one => one.certificateId) }
    allItemsOk(await checker.perform('certificates.offer', { body }), 'certificates.offer')
  }
  await inParallel(suppliersOf(stage, 1), 3, firm => accept(stage, firm))
  const live = await until('certificates to become active', async () => {
    const offered = await certificatesOf(stage, { state: 'OFFERED' })
    return offered.length === 0 ? certificatesOf(stage, { state: 'ACTIVE' }) : undefined
  })
  const roots = live.filter(one => one.rootId === one.certificateId)
  stage.tell({
    what: 'Certificates issued and accepted',
    count: roots.length,
    amountFen: sumFen(roots.map(one => one.faceFen)),
    ...(roots[0] ? { txId: roots[0].txId } : {}),
  })
}

/** Answers how many certificates there must be. */
async function propose(stage: Stage): Promise<number> {
  const known = await certificatesOf(stage, {})
  if (known.length > 0) return known.length
  const maker = await stage.actors.as('core', 'maker')
  const invoices: Invoice[] = await everything(maker, 'invoices.list', {
    approval: 'CONFIRMED',
    use: 'FREE',
  })
  const { last, dueOn } = stage.world.plan
  // Invoices of the last weeks: the year's statements have not paid them yet.
  const recent = invoices
    .filter(one => one.issuedOn > addDays(last, -59) && one.paidFen === '0')
    .sort((a, b) => (a.number < b.number ? -1 : 1))
  const chosen = suppliersOf(stage, 1).flatMap(firm =>
    recent.filter(one => one.seller.memberId === firm.memberId).slice(0, PER_SUPPLIER),
  )
  const body = { items: chosen.map(({ invoiceId }) => ({ invoiceId })), dueOn }
  allItemsOk(await maker.perform('certificates.propose', { body }), 'certificates.propose')
  return chosen.length
}

async function accept(stage: Stage, firm: Firm): Promise<void> {
  const maker = await makerOf(stage, firm)
  const offered = await until('offers to reach the payee', async () => {
    const [mine, all] = await Promise.all([
      everything(maker, 'certificates.list', { state: 'OFFERED' }),
      certificatesOf(stage, { state: 'OFFERED' }),
    ])
    const due = all.filter(one => one.holder?.memberId === firm.memberId)
    return mine.length >= due.length ? mine : undefined
  })
  if (offered.length === 0) return
  const body = { certificateIds: offered.map(one => one.certificateId) }
  allItemsOk(await maker.perform('certificates.accept', { body }), 'certificates.accept')
}
