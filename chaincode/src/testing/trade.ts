/** A small trade, played through the operations a gateway would send: order, receipt, invoice, verdict. */
import {
  DEFAULT_RULES,
  amountFen,
  invoiceId,
  lineNetFen,
  localDate,
  operations,
  priceMicro,
  quantityMilli,
  ratePpm,
  shareFen,
} from '../model/index.ts'
import type { AmountFen, Invoice, Operation, Order, RecordId } from '../model/index.ts'
import { CONSORTIUM_KEY, TAX_ID, commitment, id, inDays, must, seed } from './network.ts'
import { ALLIANCE, CORE, USERS } from './people.ts'
import type { Answer, Ledger } from './world.ts'

export const TRADE = { buyerMsp: CORE, sellerMsp: ALLIANCE }
const PARTIES = { buyer: 'm-core', seller: 'm-tier1' }

export const orderOf = (quantity: bigint, price: bigint): Order => ({
  ...PARTIES,
  number: `PO-${id('number').slice(0, 8)}`,
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
                number: `GR-${id('number').slice(0, 8)}`,
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
