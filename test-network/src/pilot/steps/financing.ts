import type { Client, Output } from '@triflow/gateway/client'
import { addDays, type Firm } from '../../generator/index.ts'
import { ORGANIZATION_KEYS } from '../actors.ts'
import type { Transfer } from '../outside.ts'
import { inParallel, until } from '../patience.ts'
import { everything, sumFen, transactionOf, type Stage } from '../stage.ts'
import { lendingAccount } from '../world.ts'
import { makerOf, suppliersOf } from './certificates.ts'
import { importStatements } from './statements.ts'

type FinancingRequest = Output<'financing.get'>

/** Rates offered per request, in parts per million a year: the banks take turns at being cheaper. */
const RATES = [36_500, 35_800, 37_200, 34_900] as const

const DESKS: Readonly<Record<'banka' | 'bankb', readonly string[]>> = {
  banka: ['sh.maker', 'sz.maker'],
  bankb: ['hz.maker', 'nj.maker'],
}
const BANK_KEYS = ['banka', 'bankb'] as const

/** Suppliers ask, both banks bid, the cheaper bid wins, the obligor is notified, the bank pays, the holder changes. */
export async function finance(stage: Stage): Promise<void> {
  const asked = await inParallel(askers(stage), 4, firm => ask(stage, firm))
  const requests = asked.filter((one): one is Asked => one !== undefined)
  stage.tell({ what: 'Financing asked for', count: requests.length })
  await inParallel(requests, 4, request => bidding(stage, request))
  const awarded = await inParallel(requests, 4, request => award(stage, request))
  await inParallel(awarded, 4, one => notice(stage, one))
  await payOut(stage, awarded)
  await close(stage, awarded)
}

/** Firms of every tier; tier 1 keeps enough certificates for the splits it has made. */
const askers = (stage: Stage): Firm[] => [
  ...suppliersOf(stage, 1).slice(0, 4),
  ...suppliersOf(stage, 2).slice(0, 3),
  ...suppliersOf(stage, 3).slice(0, 2),
]

interface Asked {
  readonly firm: Firm
  readonly requestId: string
  readonly certificateId: string
}

async function ask(stage: Stage, firm: Firm): Promise<Asked | undefined> {
  const maker = await makerOf(stage, firm)
  const note = `financing/${firm.memberId}`
  const certificateId = await chooseCertificate(stage, maker, note)
  if (certificateId === undefined) return undefined
  const open = await everything(maker, 'financing.list', { certificateId })
  const known = open[0]?.requestId
  if (known) return { firm, certificateId, requestId: known }
  const operation = await maker.perform('financing.request', {
    body: {
      certificateId,
      invited: ['BankAMSP', 'BankBMSP'],
      recourse: 'NONE',
      bidsUntil: addDays(stage.world.plan.today, 5),
    },
  })
  return { firm, certificateId, requestId: operation.items[0]?.resultId ?? '' }
}

async function chooseCertificate(
  stage: Stage,
  maker: Client,
  note: string,
): Promise<string | undefined> {
  const noted = stage.notes.get<string>(note)
  if (noted) return noted
  const held = await everything(maker, 'certificates.list', { state: 'ACTIVE', side: 'HOLDER' })
  const chosen = held.sort((a, b) => (a.certificateId < b.certificateId ? -1 : 1))[0]
  if (chosen) stage.notes.set(note, chosen.certificateId)
  return chosen?.certificateId
}

/** The request as one bank or the asker sees it, once its read model has it. */
const seenBy = (client: Client, requestId: string): Promise<FinancingRequest> =>
  until('the request to be visible', () =>
    client.call('financing.get', { params: { requestId } }).catch(() => undefined),
  )

async function bidding(stage: Stage, { requestId }: Asked): Promise<void> {
  await Promise.all(BANK_KEYS.map((bank, index) => bid(stage, requestId, bank, index)))
}

async function bid(
  stage: Stage,
  requestId: string,
  bank: 'banka' | 'bankb',
  index: number,
): Promise<void> {
  const turn = [...requestId].reduce((sum, letter) => sum + letter.charCodeAt(0), index)
  const desk = DESKS[bank][turn % 2] ?? ''
  const client = await stage.actors.as(bank, desk)
  const request = await seenBy(client, requestId)
  if (request.state !== 'OPEN' || request.bids.length > 0) return
  await client.perform('bids.place', {
    params: { requestId },
    body: {
      ratePpm: String(RATES[turn % RATES.length]),
      valueOn: stage.world.plan.today,
    },
  })
}

interface Awarded extends Asked {
  readonly bank: 'banka' | 'bankb'
  readonly netFen: string
  readonly faceFen: string
}

/** The asker takes the bid that leaves it most. */
async function award(stage: Stage, asked: Asked): Promise<Awarded> {
  const maker = await makerOf(stage, asked.firm)
  const params = { requestId: asked.requestId }
  const complete = await until('both bids to reach the asker', async () => {
    const request = await maker.call('financing.get', { params })
    return request.state !== 'OPEN' || request.bids.length >= 2 ? request : undefined
  })
  const best = [...complete.bids].sort((a, b) =>
    BigInt(b.netFen ?? '0') > BigInt(a.netFen ?? '0') ? 1 : -1,
  )[0]
  if (complete.state === 'OPEN' && best) {
    await maker.perform('bids.accept', { params: { bidId: best.bidId } })
  }
  const request = await until('the award to be visible', async () => {
    const found = await maker.call('financing.get', { params })
    return found.acceptedBidId ? found : undefined
  })
  const chosen = request.bids.find(one => one.bidId === request.acceptedBidId)
  const bank = ORGANIZATION_KEYS[chosen?.bankMsp ?? '']
  if (bank !== 'banka' && bank !== 'bankb') throw new Error(`${asked.requestId} has no bank`)
  return { ...asked, bank, netFen: chosen?.netFen ?? '0', faceFen: request.faceFen ?? '0' }
}

/** Registered first, then notified to the obligor, who acknowledges: the order the law gives priority by. */
async function notice(stage: Stage, awarded: Awarded): Promise<void> {
  const params = { requestId: awarded.requestId }
  const treasurer = await stage.actors.as(awarded.bank, 'treasurer')
  const request = await until('the award to reach the bank', async () => {
    const found = await seenBy(treasurer, awarded.requestId)
    return found.state === 'OPEN' ? undefined : found
  })
  if (!request.notice) {
    const { firms, plan } = stage.world
    const registered = await stage.outside.register({
      reference: awarded.requestId,
      assignor: awarded.firm.memberId,
      assignee: firms.banks[awarded.bank === 'banka' ? 0 : 1]?.memberId ?? '',
      subject: awarded.certificateId,
    })
    await treasurer.perform('financing.notify', {
      params,
      body: {
        registrationNumber: registered.registrationNumber,
        registeredOn: plan.today,
        searchHash: registered.searchHash,
      },
    })
  }
  const obligor = await stage.actors.as('core', 'checker')
  const seen = await until('the notice to reach the obligor', async () => {
    const found = await seenBy(obligor, awarded.requestId)
    return found.notice ? found : undefined
  })
  if (seen.notice?.state === 'ACKNOWLEDGED') return
  await obligor.perform('financing.acknowledge', { params })
}

/** The banks pay through their own systems; what the ledger takes is the entry of the statement. */
async function payOut(stage: Stage, awarded: readonly Awarded[]): Promise<void> {
  await Promise.all(
    BANK_KEYS.map(async bank => {
      const own = awarded.filter(one => one.bank === bank)
      if (own.length === 0) return
      const treasurer = await stage.actors.as(bank, 'treasurer')
      const requests = await inParallel(own, 4, one => acknowledged(treasurer, one.requestId))
      const transfers = own.map((one, index) =>
        transferOf(stage, one, requests[index]?.payOutReference ?? ''),
      )
      await stage.outside.pay(bank, `PAYOUT-${bank}-1`, transfers)
      await importStatements(stage, bank, lendingAccount(bank))
      await inParallel(own, 4, (one: Awarded) =>
        attest(treasurer, one, requests[own.indexOf(one)]?.payOutReference ?? ''),
      )
    }),
  )
}

const acknowledged = (treasurer: Client, requestId: string): Promise<FinancingRequest> =>
  until('the acknowledgement to reach the bank', async () => {
    const found = await seenBy(treasurer, requestId)
    return found.notice?.state === 'ACKNOWLEDGED' && found.payOutReference ? found : undefined
  })

const transferOf = (stage: Stage, awarded: Awarded, endToEndId: string): Transfer => ({
  endToEndId,
  debtorAccount: lendingAccount(awarded.bank),
  creditorName: awarded.firm.name,
  creditorUscc: awarded.firm.uscc,
  creditorAccount: awarded.firm.account,
  amountFen: BigInt(awarded.netFen),
  executeOn: stage.world.plan.today,
})

async function attest(treasurer: Client, awarded: Awarded, reference: string): Promise<void> {
  const params = { requestId: awarded.requestId }
  const { state } = await seenBy(treasurer, awarded.requestId)
  if (state === 'PAID' || state === 'CLOSED') return
  const entry = await until('the pay-out entry', async () => {
    const found = await everything(treasurer, 'statementEntries.list', { reference })
    return found[0]
  })
  await treasurer.perform('financing.payOut', { params, body: { entryId: entry.entryId } })
}

/** The asker closes: it holds the terms of the certificate that the bank becomes the holder of. */
async function close(stage: Stage, awarded: readonly Awarded[]): Promise<void> {
  const closed = await inParallel(awarded, 4, async one => {
    const maker = await makerOf(stage, one.firm)
    const params = { requestId: one.requestId }
    const request = await until('the pay-out to be visible', async () => {
      const found = await seenBy(maker, one.requestId)
      return found.state === 'PAID' || found.state === 'CLOSED' ? found : undefined
    })
    if (request.state === 'CLOSED') return {}
    return transactionOf(await maker.perform('financing.close', { params }))
  })
  stage.tell({
    what: 'Certificates financed, holder changed; face',
    count: awarded.length,
    amountFen: sumFen(awarded.map(one => one.faceFen)),
    ...closed.find(one => one.txId),
  })
  stage.tell({
    what: 'Paid out by the banks',
    count: awarded.length,
    amountFen: sumFen(awarded.map(one => one.netFen)),
  })
}
