/** A small trade, played through the operations a gateway would send: the arrangement of most tests. */
import { createHash } from 'node:crypto'
import {
  DEFAULT_POLICY,
  DEFAULT_RULES,
  addDays,
  amountFen,
  commitmentOf,
  consortiumKeyHash,
  creditCodeCheck,
  invoiceId,
  lineNetFen,
  localDate,
  operations,
  priceMicro,
  quantityMilli,
  ratePpm,
  shareFen,
} from '../model/index.ts'
import type { AmountFen, Invoice, LocalDate, Operation, Order, RecordId } from '../model/index.ts'
import { ALLIANCE, BANK_A, BANK_B, CORE, GUARDIANS, REGULATOR, USERS } from './people.ts'
import { World } from './world.ts'
import type { Answer, Identity, Ledger } from './world.ts'

export * from './people.ts'
export const CONSORTIUM_KEY = '5a'.repeat(32)
/**
 * The day on which every story plays: always the same in memory, and the ledger's own day on a real one,
 * whose suite calls `playOn` before and after.
 */
export const STORY_DAY = localDate('2026-05-29')
let day = STORY_DAY
export const playOn = (other: LocalDate): void => {
  day = other
}
export const today = (): LocalDate => day
export const inDays = (days: number): LocalDate => addDays(day, days)
export const TAX_ID = `91310000MA1FL8L97${creditCodeCheck('91310000MA1FL8L97')}`

let counter = 0
export const id = (label: string): RecordId =>
  createHash('sha256')
    .update(`${label}${(counter += 1)}`)
    .digest('hex')
    .slice(0, 32)
export const seed = (): string =>
  createHash('sha256')
    .update(`seed${(counter += 1)}`)
    .digest('hex')

export const commitment = (
  world: Ledger,
  kind: 'balance' | 'receivable',
  record: RecordId,
): string => commitmentOf(world.opening(CORE, kind, record))

/** Throws unless the operation committed. */
export const must = async (answer: Promise<Answer>): Promise<string> => {
  const result = await answer
  if (!result.ok) throw new Error(`refused: ${result.code} ${JSON.stringify(result.fault ?? {})}`)
  return result.payload
}

export const openWorld = async (settlementMsps?: string[]): Promise<World> => {
  const world = new World([...GUARDIANS, REGULATOR], GUARDIANS)
  await bringUp(world, settlementMsps)
  return world
}

/** The policy and the members, through operations as a network's first day has them. */
export const bringUp = async (
  world: Ledger,
  settlementMsps: string[] = [BANK_A, BANK_B],
): Promise<void> => {
  await must(
    world.submit(
      operations.members.setUp({
        guardians: GUARDIANS,
        banks: [BANK_A, BANK_B],
        regulators: [REGULATOR],
        carriers: ['LogisticsMSP'],
        calendarOffsetDays: 0,
        policy: {
          version: 1,
          effectiveFrom: localDate('2020-01-01'),
          parameters: { ...DEFAULT_POLICY, fingerprintKeyHash: consortiumKeyHash(CONSORTIUM_KEY) },
        },
      }),
      USERS.coreOperator,
    ),
  )
  const register = (
    by: Identity,
    endorsers: string[],
    members: operations.members.NewMember[],
  ): Promise<string> => must(world.submit(operations.members.register({ members, endorsers }), by))
  await register(
    USERS.coreOperator,
    [CORE, BANK_A],
    [{ memberId: 'm-core', kind: 'OBLIGOR', settlementMsps }],
  )
  await register(
    USERS.allianceOperator,
    [ALLIANCE, CORE],
    [
      { memberId: 'm-tier1', kind: 'SUPPLIER' },
      { memberId: 'm-tier2', kind: 'SUPPLIER' },
    ],
  )
  await register(USERS.bankAOperator, [BANK_A, CORE], [{ memberId: 'm-banka1', kind: 'FUNDER' }])
  await register(USERS.bankBOperator, [BANK_B, CORE], [{ memberId: 'm-bankb1', kind: 'FUNDER' }])
  await register(
    USERS.regulatorOperator,
    [BANK_B, CORE],
    [{ memberId: 'm-regul', kind: 'REGULATOR' }],
  )
}

export const TRADE = { buyerMsp: CORE, sellerMsp: ALLIANCE }
export const HOLDING = { obligorMsp: CORE, holderMsp: ALLIANCE }
const PARTIES = { buyer: 'm-core', seller: 'm-tier1' }

export const orderOf = (quantity: bigint, price: bigint): Order => ({
  ...PARTIES,
  number: `PO-${counter}`,
  orderedOn: inDays(-58),
  currency: 'CNY',
  category: 'steel',
  lines: [
    {
      line: '1',
      quantityMilli: quantityMilli(quantity),
      unitPriceMicro: priceMicro(price),
      taxRatePpm: ratePpm(130_000n),
    },
  ],
})

export const invoiceOf = (orderId: RecordId, quantity: bigint, price: bigint): Invoice => {
  const netFen = lineNetFen(quantityMilli(quantity), priceMicro(price))
  const taxFen = shareFen(netFen, ratePpm(130_000n))
  return {
    ...PARTIES,
    code: '',
    number: id('number').slice(0, 20),
    issuedOn: inDays(-19),
    payableOn: inDays(42),
    currency: 'CNY',
    netFen,
    taxFen,
    totalFen: amountFen(netFen + taxFen),
    lines: [
      {
        orderId,
        line: '1',
        quantityMilli: quantityMilli(quantity),
        unitPriceMicro: priceMicro(price),
        netFen,
        taxFen,
      },
    ],
  }
}

export type Trade = { orderId: RecordId; receiptId: RecordId; invoice: RecordId; rulesId: RecordId }
export type TradeNumbers = {
  ordered: bigint
  received: bigint
  invoiced: bigint
  orderPrice: bigint
  invoicePrice: bigint
}
const EXACT: TradeNumbers = {
  ordered: 1_000_000n,
  received: 1_000_000n,
  invoiced: 1_000_000n,
  orderPrice: 100_000_000n,
  invoicePrice: 100_000_000n,
}

export const submitInvoice = (world: Ledger, document: Invoice): Promise<Answer> =>
  world.submit(
    operations.trade.submitInvoices({
      seed: seed(),
      consortiumKey: CONSORTIUM_KEY,
      items: [{ ...TRADE, document, sellerTaxId: TAX_ID }],
    }),
    USERS.allianceOperator,
  )
export const idOfInvoice = (document: Invoice): RecordId =>
  invoiceId({ consortiumKey: CONSORTIUM_KEY, sellerTaxId: TAX_ID, document })

/** Rules, an order of 1,000 units at 100 yuan, a receipt and an invoice; nothing matched yet. */
export const enterTrade = async (
  world: Ledger,
  numbers: Partial<TradeNumbers> = {},
): Promise<Trade> => {
  const { ordered, received, invoiced, orderPrice, invoicePrice } = { ...EXACT, ...numbers }
  const [orderId, receiptId, rulesId] = [id('order'), id('receipt'), id('rules')]
  const rules = {
    ...DEFAULT_RULES,
    ...PARTIES,
    category: 'steel',
    version: 1,
    effectiveFrom: localDate('2026-01-01'),
  }
  await must(
    world.submit(
      operations.reconciliation.setRules({ ...TRADE, id: rulesId, seed: seed(), rules }),
      USERS.coreOperator,
    ),
  )
  await must(
    world.submit(
      operations.trade.submitOrders({
        seed: seed(),
        items: [{ ...TRADE, id: orderId, document: orderOf(ordered, orderPrice) }],
      }),
      USERS.coreOperator,
    ),
  )
  if (received !== 0n)
    await must(
      world.submit(
        operations.trade.submitReceipts({
          seed: seed(),
          items: [
            {
              ...TRADE,
              id: receiptId,
              document: {
                ...PARTIES,
                number: `GR-${counter}`,
                receivedOn: inDays(-28),
                final: false,
                lines: [{ orderId, line: '1', quantityMilli: quantityMilli(received) }],
              },
            },
          ],
        }),
        USERS.coreOperator,
      ),
    )
  const document = invoiceOf(orderId, invoiced, invoicePrice)
  await must(submitInvoice(world, document))
  return { orderId, receiptId, invoice: idOfInvoice(document), rulesId }
}

/** What a gateway sends to match one invoice, from what its organisation holds. */
export const matchItem = (
  world: Ledger,
  trade: Trade,
  receipts: readonly RecordId[] = world.holds(CORE, 'receipt', trade.receiptId)
    ? [trade.receiptId]
    : [],
): operations.reconciliation.MatchItem => ({
  ...TRADE,
  invoiceId: trade.invoice,
  rulesId: trade.rulesId,
  invoice: world.opening(CORE, 'invoice', trade.invoice),
  rules: world.opening(CORE, 'rules', trade.rulesId),
  orders: [
    {
      orderId: trade.orderId,
      order: world.opening(CORE, 'order', trade.orderId),
      ...(world.holds(CORE, 'progress', trade.orderId)
        ? { progress: world.opening(CORE, 'progress', trade.orderId) }
        : {}),
    },
  ],
  receipts: receipts.map(receiptId => ({
    receiptId,
    receipt: world.opening(CORE, 'receipt', receiptId),
  })),
  ...(world.holds(CORE, 'balance', trade.invoice)
    ? { balance: world.opening(CORE, 'balance', trade.invoice) }
    : {}),
})

export const match = (world: Ledger, trade: Trade): Promise<Answer> =>
  world.submit(
    operations.reconciliation.match({ seed: seed(), items: [matchItem(world, trade)] }),
    USERS.coreOperator,
  )

export const proposeConfirmation = (
  world: Ledger,
  trade: Trade,
  confirmedFen?: AmountFen,
): Operation =>
  operations.confirmation.propose({
    seed: seed(),
    items: [
      {
        ...TRADE,
        invoiceId: trade.invoice,
        balance: world.opening(CORE, 'balance', trade.invoice),
        ...(confirmedFen === undefined ? {} : { confirmedFen }),
      },
    ],
  })
export const confirmation = (world: Ledger, trade: Trade): Operation =>
  operations.confirmation.confirm({
    items: [
      {
        ...TRADE,
        invoiceId: trade.invoice,
        commitment: commitment(world, 'balance', trade.invoice),
      },
    ],
  })

/** A matched and confirmed invoice of 113,000.00 yuan. */
export const confirmedTrade = async (world: Ledger): Promise<Trade> => {
  const trade = await enterTrade(world)
  await must(match(world, trade))
  await must(world.submit(proposeConfirmation(world, trade), USERS.coreMaker))
  await must(world.submit(confirmation(world, trade), USERS.coreChecker))
  return trade
}

export const FACE = amountFen(11_300_000n)
export const due = (): LocalDate => inDays(60)

export const proposal = (
  world: Ledger,
  trade: Trade,
  certificate: RecordId,
  change: {
    amountFen?: AmountFen
    dueOn?: LocalDate
    offerUntil?: LocalDate
    holder?: string
  } = {},
): Operation =>
  operations.receivables.propose({
    seed: seed(),
    items: [
      {
        ...HOLDING,
        id: certificate,
        terms: {
          holder: change.holder ?? 'm-tier1',
          dueOn: change.dueOn ?? due(),
          offerUntil: change.offerUntil ?? inDays(12),
          uses: [{ invoiceId: trade.invoice, amountFen: change.amountFen ?? FACE }],
        },
        balances: [world.opening(CORE, 'balance', trade.invoice)],
      },
    ],
  })
export const offer = (world: Ledger, certificate: RecordId): Operation =>
  operations.receivables.offer({
    items: [
      { ...HOLDING, id: certificate, commitment: commitment(world, 'receivable', certificate) },
    ],
  })
export const termsItem = (
  world: Ledger,
  trade: Trade,
  certificate: RecordId,
): operations.receivables.TermsItem => ({
  ...HOLDING,
  id: certificate,
  terms: world.opening(CORE, 'receivable', certificate),
  balances: [world.opening(CORE, 'balance', trade.invoice)],
})

/** An ACTIVE certificate over the whole invoice, held by tier 1. */
export const activeCertificate = async (
  world: Ledger,
): Promise<{ trade: Trade; certificate: RecordId }> => {
  const trade = await confirmedTrade(world)
  const certificate = id('certificate')
  await must(world.submit(proposal(world, trade, certificate), USERS.coreMaker))
  await must(world.submit(offer(world, certificate), USERS.coreChecker))
  await must(
    world.submit(
      operations.receivables.accept({
        seed: seed(),
        items: [termsItem(world, trade, certificate)],
      }),
      USERS.tier1,
    ),
  )
  return { trade, certificate }
}

export const split = (
  world: Ledger,
  certificate: RecordId,
  faces: readonly bigint[],
  holderMsp = ALLIANCE,
): { operation: Operation; children: RecordId[] } => {
  const children = faces.map(() => id('child'))
  const operation = operations.receivables.split({
    obligorMsp: CORE,
    holderMsp,
    id: certificate,
    seed: seed(),
    terms: world.opening(CORE, 'receivable', certificate),
    children: children.map((child, index) => ({
      id: child,
      faceFen: amountFen(faces[index] as bigint),
    })),
  })
  return { operation, children }
}

/** Moves the network's calendar forward as two persons and a majority would. */
export const moveCalendar = async (world: Ledger, days: number): Promise<void> => {
  const calendarOffsetDays = world.state('policy', '').calendarOffsetDays + days
  const endorsers = [CORE, ALLIANCE, BANK_A]
  const change = { change: { calendarOffsetDays }, endorsers }
  await must(world.submit(operations.members.proposePolicy(change), USERS.coreOperator))
  await must(world.submit(operations.members.adoptPolicy(change), USERS.allianceOperator))
}
