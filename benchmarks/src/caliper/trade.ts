/**
 * What has to be on the ledger before a certificate can be issued, and the three transactions that issue it.
 *
 * A model of the ledger in memory is kept beside the real one, as the suite of attacks does: it knows the openings
 * of private values without asking for them. All of it is made before the clock of a round starts.
 */
import {
  DEFAULT_RULES,
  commitmentOf,
  localDate,
  operations,
  quantityMilli,
  type Invoice,
  type Operation,
} from '@triflow/chaincode/model'
import { World, story, type Answer, type Identity, type Ledger } from '@triflow/chaincode/testing'

const { CORE, ALLIANCE, TRADE, HOLDING, USERS, id, seed, must } = story
const BATCH = 50
const QUANTITY = 1_000_000n
const PRICE = 100_000_000n
const DAYS_TO_MATURITY = 60
const DAYS_TO_ACCEPT = 12

/** One transaction, and who sends it. */
export interface Call {
  readonly operation: Operation
  readonly caller: Identity
}
/** The steps of issuing certificates; every list has one transaction per certificate. */
export interface Issue {
  readonly propose: readonly Call[]
  readonly offer: readonly Call[]
  readonly accept: readonly Call[]
}
export type Step = keyof Issue

export type Submit = (operation: Operation, caller: Identity) => Promise<Answer>

/** Every write goes to the real ledger first, then to the model. */
function besideModel(world: World, submit: Submit): Ledger {
  return {
    async submit(operation, caller, endorsers = world.endorsersOf(operation)) {
      const answer = await submit({ ...operation, endorsingOrganizations: endorsers }, caller)
      return answer.ok ? world.submit(operation, caller, endorsers) : answer
    },
    evaluate: world.evaluate.bind(world),
    collude: world.collude.bind(world),
    opening: world.opening.bind(world),
    holds: world.holds.bind(world),
    value: world.value.bind(world),
    state: world.state.bind(world),
  }
}

/** Brings the ledger to `count` confirmed invoices of 113,000.00 yuan, and builds the calls that turn them into certificates. */
export async function prepareIssue(submit: Submit, count: number): Promise<Issue> {
  // The model has to live on the day of the ledger, which has a clock: the day at UTC+8.
  const day = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10)
  story.playOn(localDate(day))
  const world = new World([...story.GUARDIANS, 'RegulatorMSP'], story.GUARDIANS, day)
  const ledger = besideModel(world, submit)
  await story.bringUp(ledger)
  const rulesId = id('rules')
  const rules = {
    ...DEFAULT_RULES,
    buyer: 'm-core',
    seller: 'm-tier1',
    category: 'steel',
    version: 1,
    effectiveFrom: localDate('2026-01-01'),
  }
  const setRules = operations.reconciliation.setRules({
    ...TRADE,
    id: rulesId,
    seed: seed(),
    rules,
  })
  await must(ledger.submit(setRules, USERS.coreOperator))
  const issue = { propose: [] as Call[], offer: [] as Call[], accept: [] as Call[] }
  for (let done = 0; done < count; done += BATCH) {
    const trades = await enterTrades(ledger, Math.min(BATCH, count - done), rulesId)
    await confirmTrades(ledger, trades)
    for (const trade of trades) await modelIssue(world, trade, issue)
  }
  return issue
}

/** Orders, receipts and invoices of one batch, matched; the invoices' ids. */
async function enterTrades(ledger: Ledger, count: number, rulesId: string): Promise<story.Trade[]> {
  const entries = Array.from({ length: count }, () => {
    const orderId = id('order')
    const document: Invoice = story.invoiceOf(orderId, QUANTITY, PRICE)
    const order = story.orderOf(QUANTITY, PRICE)
    return { orderId, receiptId: id('receipt'), order, document }
  })
  const { submitOrders, submitReceipts, submitInvoices } = operations.trade
  const orders = entries.map(({ orderId, order }) => ({ ...TRADE, id: orderId, document: order }))
  await must(ledger.submit(submitOrders({ seed: seed(), items: orders }), USERS.coreOperator))
  const receipts = entries.map(({ orderId, receiptId, order }) => ({
    ...TRADE,
    id: receiptId,
    document: {
      buyer: order.buyer,
      seller: order.seller,
      number: `GR-${receiptId}`,
      receivedOn: story.inDays(-28),
      final: false,
      lines: [{ orderId, line: '1', quantityMilli: quantityMilli(QUANTITY) }],
    },
  }))
  await must(ledger.submit(submitReceipts({ seed: seed(), items: receipts }), USERS.coreOperator))
  const invoices = submitInvoices({
    seed: seed(),
    consortiumKey: story.CONSORTIUM_KEY,
    items: entries.map(({ document }) => ({ ...TRADE, document, sellerTaxId: story.TAX_ID })),
  })
  await must(ledger.submit(invoices, USERS.allianceOperator))
  return entries.map(({ orderId, receiptId, document }) => {
    return { orderId, receiptId, rulesId, invoice: story.idOfInvoice(document) }
  })
}

async function confirmTrades(ledger: Ledger, trades: readonly story.Trade[]): Promise<void> {
  const items = trades.map(trade => story.matchItem(ledger, trade))
  const match = operations.reconciliation.match({ seed: seed(), items })
  await must(ledger.submit(match, USERS.coreOperator))
  const balanceOf = (trade: story.Trade) => ledger.opening(CORE, 'balance', trade.invoice)
  const propose = operations.confirmation.propose({
    seed: seed(),
    items: trades.map(trade => ({
      ...TRADE,
      invoiceId: trade.invoice,
      balance: balanceOf(trade),
    })),
  })
  await must(ledger.submit(propose, USERS.coreMaker))
  const confirm = operations.confirmation.confirm({
    items: trades.map(trade => ({
      ...TRADE,
      invoiceId: trade.invoice,
      commitment: commitmentOf(balanceOf(trade)),
    })),
  })
  await must(ledger.submit(confirm, USERS.coreChecker))
}

/** Issues one certificate in the model, and keeps the transactions for the real ledger. */
async function modelIssue(
  world: World,
  trade: story.Trade,
  issue: Record<Step, Call[]>,
): Promise<void> {
  const keep = async (step: Step, operation: Operation, caller: Identity): Promise<void> => {
    await must(world.submit(operation, caller))
    issue[step].push({ operation, caller })
  }
  const certificate = id('certificate')
  const terms = {
    holder: 'm-tier1',
    dueOn: story.inDays(DAYS_TO_MATURITY),
    offerUntil: story.inDays(DAYS_TO_ACCEPT),
    uses: [{ invoiceId: trade.invoice, amountFen: story.FACE }],
  }
  const balances = [world.opening(CORE, 'balance', trade.invoice)]
  const items = [{ ...HOLDING, id: certificate, terms, balances }]
  const propose = operations.receivables.propose({ seed: seed(), items })
  await keep('propose', propose, USERS.coreMaker)
  await keep('offer', story.offer(world, certificate), USERS.coreChecker)
  const accepted = [story.termsItem(world, trade, certificate)]
  const accept = operations.receivables.accept({ seed: seed(), items: accepted })
  await keep('accept', accept, USERS.tier1)
}

export const PARTIES = [CORE, ALLIANCE] as const
