import { expect } from 'chai'
import { amountFen, operations, quantityMilli } from '../model/index.ts'
import type { Operation } from '../model/index.ts'
import {
  ALLIANCE,
  BANK_A,
  CONSORTIUM_KEY,
  CORE,
  FACE,
  TAX_ID,
  TRADE,
  USERS,
  confirmation,
  confirmedTrade,
  enterTrade,
  id,
  idOfInvoice,
  inDays,
  invoiceOf,
  match,
  matchItem,
  must,
  openWorld,
  orderOf,
  proposeConfirmation,
  seed,
  submitInvoice,
} from '../testing/story.ts'
import type { Trade } from '../testing/story.ts'
import { refused } from '../testing/refused.ts'
import type { World } from '../testing/world.ts'

const PARTIES = { buyer: 'm-core', seller: 'm-tier1' }
const creditNote = (
  world: World,
  trade: Trade,
  totalFen: bigint,
): { note: string; operation: Operation } => {
  const note = id('credit')
  const operation = operations.trade.submitCreditNotes({
    seed: seed(),
    items: [
      {
        ...TRADE,
        id: note,
        document: {
          ...PARTIES,
          invoiceId: trade.invoice,
          number: 'CN-1',
          issuedOn: inDays(-5),
          totalFen: amountFen(totalFen),
          reason: 'returned goods',
        },
        invoice: world.opening(ALLIANCE, 'invoice', trade.invoice),
        ...(world.holds(ALLIANCE, 'balance', trade.invoice)
          ? { balance: world.opening(ALLIANCE, 'balance', trade.invoice) }
          : {}),
      },
    ],
  })
  return { note, operation }
}
const receive = (
  orderId: string,
  quantity: bigint,
): { receiptId: string; operation: Operation } => {
  const receiptId = id('receipt')
  const document = {
    ...PARTIES,
    number: receiptId.slice(0, 10),
    receivedOn: inDays(-25),
    final: false,
    lines: [{ orderId, line: '1', quantityMilli: quantityMilli(quantity) }],
  }
  const operation = operations.trade.submitReceipts({
    seed: seed(),
    items: [{ ...TRADE, id: receiptId, document }],
  })
  return { receiptId, operation }
}

describe('documents of trade', () => {
  let world: World
  beforeEach(async () => {
    world = await openWorld()
  })

  it('are written by their author’s organisation and nobody else', async () => {
    const order = operations.trade.submitOrders({
      seed: seed(),
      items: [{ ...TRADE, id: id('order'), document: orderOf(1_000n, 100n) }],
    })
    await refused(world.submit(order, USERS.allianceOperator), 'ORGANISATION_REFUSED')
    await refused(world.submit(order, USERS.coreChecker), 'ROLE_REFUSED')
    await must(world.submit(order, USERS.coreOperator))
    await refused(world.submit(order, USERS.coreOperator), 'RECORD_EXISTS')
    const trade = await enterTrade(world)
    const document = invoiceOf(trade.orderId, 1_000n, 1_000_000n)
    const invoice = operations.trade.submitInvoices({
      seed: seed(),
      consortiumKey: CONSORTIUM_KEY,
      items: [{ ...TRADE, document, sellerTaxId: TAX_ID }],
    })
    await refused(world.submit(invoice, USERS.coreOperator), 'ORGANISATION_REFUSED')
    await refused(world.submit(invoice, USERS.tier2), 'MEMBER_REFUSED')
    await must(world.submit(invoice, USERS.tier1))
  })

  it('a carrier’s user attests goods of others, a bank’s does not', async () => {
    const despatch = operations.trade.submitDespatches({
      seed: seed(),
      items: [
        {
          ...TRADE,
          id: id('despatch'),
          document: {
            ...PARTIES,
            number: 'DA-1',
            despatchedOn: inDays(-30),
            lines: [{ orderId: id('order'), line: '1', quantityMilli: quantityMilli(5n) }],
          },
        },
      ],
    })
    await refused(world.submit(despatch, USERS.bankAOperator), 'ORGANISATION_REFUSED')
    await must(world.submit(despatch, USERS.carrier))
  })

  it('totals that do not add up, a wrong tax code and a wrong key are refused', async () => {
    const { orderId } = await enterTrade(world)
    const document = invoiceOf(orderId, 1_000n, 1_000_000n)
    const wrong = { ...document, totalFen: amountFen(document.totalFen + 1n) }
    await refused(submitInvoice(world, wrong), 'DOCUMENT_INCONSISTENT')
    const submit = (change: { consortiumKey?: string; sellerTaxId?: string }) => {
      const operation = operations.trade.submitInvoices({
        seed: seed(),
        consortiumKey: CONSORTIUM_KEY,
        items: [{ ...TRADE, document, sellerTaxId: TAX_ID }],
      })
      const secret = JSON.parse(Buffer.from(operation.transient.private as Uint8Array).toString())
      const { sellerTaxId = TAX_ID, ...shared } = change
      const changed = { ...secret, ...shared, items: [{ ...secret.items[0], sellerTaxId }] }
      const transient = { private: Buffer.from(JSON.stringify(changed)) }
      return world.submit({ ...operation, transient }, USERS.allianceOperator)
    }
    await refused(submit({ consortiumKey: '00'.repeat(32) }), 'KEY_WRONG')
    await refused(submit({ sellerTaxId: '914403001922038217' }), 'CREDIT_CODE_INVALID')
    await refused(submit({ sellerTaxId: '914403001922038216' }), 'REQUEST_MALFORMED')
    await must(submit({}))
  })

  it('trade inside one organisation is refused, mixed batches do not even leave the client', () => {
    const item = { id: id('order'), document: orderOf(1_000n, 100n) }
    const mixed = [
      { ...item, ...TRADE },
      { ...item, buyerMsp: CORE, sellerMsp: BANK_A },
    ]
    const build = () => operations.trade.submitOrders({ seed: seed(), items: mixed })
    expect(build).to.throw('BATCH_MIXED_PARTIES')
    expect(() => operations.trade.submitOrders({ seed: seed(), items: [] })).to.throw('BATCH_SIZE')
  })
})

describe('reconciliation on the ledger', () => {
  let world: World
  beforeEach(async () => {
    world = await openWorld()
  })
  const balanceOf = (trade: Trade) => world.value(ALLIANCE, 'balance', trade.invoice)

  it('a price beyond tolerance is an exception with its code; it cannot be confirmed', async () => {
    const trade = await enterTrade(world, { invoicePrice: 103_000_000n })
    expect(JSON.parse(await must(match(world, trade)))).to.deep.equal({
      items: [{ invoiceId: trade.invoice, match: 'EXCEPTION', codes: ['PRICE', 'HEADER_CAP'] }],
    })
    await refused(world.submit(proposeConfirmation(world, trade), USERS.coreMaker), 'NOT_MATCHED')
    expect(balanceOf(trade)).to.include({ eligibleFen: FACE, disputedFen: 339_000n })
    expect(world.holds(CORE, 'progress', trade.orderId)).to.equal(false)
  })

  it('an exception is matched again when the missing receipt arrives', async () => {
    const trade = await enterTrade(world, { received: 500_000n })
    await must(match(world, trade))
    expect(world.state('invoice', trade.invoice).match).to.equal('EXCEPTION')
    const { receiptId, operation } = receive(trade.orderId, 500_000n)
    await must(world.submit(operation, USERS.coreOperator))
    const item = matchItem(world, trade, [trade.receiptId, receiptId])
    const again = operations.reconciliation.match({ seed: seed(), items: [item] })
    await must(world.submit(again, USERS.allianceOperator))
    expect(world.state('invoice', trade.invoice)).to.include({ match: 'MATCHED' })
    expect(world.state('invoice', trade.invoice).codes).to.equal(undefined)
    await refused(world.submit(again, USERS.allianceOperator), 'MOVE_REFUSED')
  })

  it('partial deliveries in one batch: the second invoice sees what the first left', async () => {
    const trade = await enterTrade(world, { received: 600_000n, invoiced: 600_000n })
    const document = invoiceOf(trade.orderId, 600_000n, 100_000_000n)
    await must(submitInvoice(world, document))
    const second: Trade = { ...trade, invoice: idOfInvoice(document) }
    const items = [matchItem(world, trade), matchItem(world, second, [])]
    const answer = await must(
      world.submit(operations.reconciliation.match({ seed: seed(), items }), USERS.coreOperator),
    )
    const { items: verdicts } = JSON.parse(answer) as {
      items: { match: string; codes: string[] }[]
    }
    expect(verdicts.map(each => each.match)).to.deep.equal(['MATCHED', 'EXCEPTION'])
    expect(verdicts[1]?.codes).to.include('NO_RECEIPT')
  })

  it('a receipt is not counted twice, and progress cannot be left out to hide it', async () => {
    const trade = await enterTrade(world)
    await must(match(world, trade))
    const document = invoiceOf(trade.orderId, 1_000_000n, 100_000_000n)
    await must(submitInvoice(world, document))
    const second: Trade = { ...trade, invoice: idOfInvoice(document) }
    const submit = (item: operations.reconciliation.MatchItem) =>
      world.submit(
        operations.reconciliation.match({ seed: seed(), items: [item] }),
        USERS.coreOperator,
      )
    await refused(submit(matchItem(world, second)), 'RECEIPT_COUNTED')
    const item = matchItem(world, second)
    const hidden = item.orders.map(({ orderId, order }) => ({ orderId, order }))
    await refused(submit({ ...item, orders: hidden }), 'OPENING_WRONG')
  })

  it('an override needs two persons of the buyer and the same evidence', async () => {
    const trade = await enterTrade(world, { invoicePrice: 103_000_000n })
    await must(match(world, trade))
    const propose = operations.reconciliation.proposeOverride({
      ...TRADE,
      invoiceId: trade.invoice,
      seed: seed(),
      balance: world.opening(CORE, 'balance', trade.invoice),
      acceptedFen: amountFen(11_600_000n),
      reason: 'steel index clause',
    })
    await refused(world.submit(propose, USERS.tier1), 'ORGANISATION_REFUSED')
    await must(world.submit(propose, USERS.coreBoth))
    const item = {
      ...matchItem(world, trade),
      balance: world.opening(CORE, 'balance', trade.invoice),
    }
    const second = operations.reconciliation.override({ seed: seed(), item })
    await refused(world.submit(second, USERS.coreBoth), 'MAKER_IS_CHECKER')
    await must(world.submit(second, USERS.coreChecker))
    expect(world.state('invoice', trade.invoice).match).to.equal('OVERRIDDEN')
    expect(balanceOf(trade)).to.include({ eligibleFen: 11_600_000n, disputedFen: 39_000n })
    expect(world.holds(CORE, 'progress', trade.orderId)).to.equal(true)
    await must(world.submit(proposeConfirmation(world, trade), USERS.coreMaker))
    await must(world.submit(confirmation(world, trade), USERS.coreChecker))
  })

  it('a rejected exception is final', async () => {
    const trade = await enterTrade(world, { invoicePrice: 103_000_000n })
    await must(match(world, trade))
    const input = { ...TRADE, invoiceId: trade.invoice, reason: 'wrong price' }
    await must(world.submit(operations.reconciliation.reject(input), USERS.coreChecker))
    await refused(match(world, trade), 'MOVE_REFUSED')
  })

  it('the checker confirms exactly the balance he has seen', async () => {
    const trade = await enterTrade(world)
    await must(match(world, trade))
    await must(world.submit(proposeConfirmation(world, trade), USERS.coreMaker))
    const seen = confirmation(world, trade)
    const less = proposeConfirmation(world, trade, amountFen(1_000n))
    await must(world.submit(less, USERS.coreMaker))
    await refused(world.submit(seen, USERS.coreChecker), 'OPENING_WRONG')
    const more = proposeConfirmation(world, trade, amountFen(FACE + 1n))
    await refused(world.submit(more, USERS.coreMaker), 'AMOUNT_EXCEEDS_ELIGIBLE')
  })

  it('credit notes before the verdict must all be taken into it', async () => {
    const trade = await enterTrade(world)
    const { note, operation } = creditNote(world, trade, 300_000n)
    await must(world.submit(operation, USERS.allianceOperator))
    await refused(match(world, trade), 'OPENING_WRONG')
    const item = {
      ...matchItem(world, trade),
      creditNotes: [{ creditNoteId: note, creditNote: world.opening(CORE, 'creditNote', note) }],
    }
    const full = operations.reconciliation.match({ seed: seed(), items: [item] })
    await must(world.submit(full, USERS.coreOperator))
    expect(balanceOf(trade)).to.include({ creditedFen: 300_000n, availableFen: FACE - 300_000n })
  })

  it('credit notes after it come off what is free, never off what is certified', async () => {
    const trade = await confirmedTrade(world)
    const { operation } = creditNote(world, trade, 300_000n)
    await must(world.submit(operation, USERS.allianceOperator))
    const rest = creditNote(world, trade, FACE - 299_999n).operation
    await refused(world.submit(rest, USERS.allianceOperator), 'CREDIT_EXCEEDS_AVAILABLE')
  })

  const attestTrade = async (amount: bigint): Promise<string> => {
    const payment = id('payment')
    const operation = operations.settlement.attest({
      seed: seed(),
      items: [
        {
          id: payment,
          bankMsp: BANK_A,
          payerMsp: CORE,
          payeeMsp: ALLIANCE,
          entry: {
            payer: 'm-core',
            payee: 'm-tier1',
            entryReference: payment.slice(0, 16),
            remittance: '',
            valueOn: inDays(0),
            currency: 'CNY',
            amountFen: amountFen(amount),
          },
        },
      ],
    })
    await must(world.submit(operation, USERS.bankA))
    return payment
  }
  const allocate = (
    payment: string,
    parts: { trade: Trade; amount: bigint; short?: 'DISCOUNT' }[],
  ) => {
    const { trade } = parts[0] as { trade: Trade }
    return operations.reconciliation.allocatePayments({
      seed: seed(),
      items: [
        {
          ...TRADE,
          paymentId: payment,
          payment: world.opening(ALLIANCE, 'payment', payment),
          ...(world.holds(ALLIANCE, 'usage', payment)
            ? { usage: world.opening(ALLIANCE, 'usage', payment) }
            : {}),
          rulesId: trade.rulesId,
          rules: world.opening(ALLIANCE, 'rules', trade.rulesId),
          allocations: parts.map(part => ({
            invoiceId: part.trade.invoice,
            balance: world.opening(ALLIANCE, 'balance', part.trade.invoice),
            amountFen: amountFen(part.amount),
            ...(part.short === undefined ? {} : { shortReason: part.short }),
          })),
        },
      ],
    })
  }

  it('one payment pays many invoices; a short one needs a reason; what is over stays unallocated', async () => {
    const [first, second] = [await confirmedTrade(world), await confirmedTrade(world)]
    const payment = await attestTrade(23_000_000n)
    const over = allocate(payment, [{ trade: first, amount: FACE + 1n }])
    await refused(world.submit(over, USERS.coreOperator), 'AMOUNT_EXCEEDS_AVAILABLE')
    const big = allocate(payment, [
      { trade: first, amount: FACE },
      { trade: second, amount: FACE - 800_000n, short: 'DISCOUNT' },
    ])
    await refused(world.submit(big, USERS.coreOperator), 'SHORT_PAY_REASON')
    const good = allocate(payment, [
      { trade: first, amount: FACE },
      { trade: second, amount: FACE - 80_000n, short: 'DISCOUNT' },
    ])
    await refused(world.submit(good, USERS.bankAOperator), 'ORGANISATION_REFUSED')
    await must(world.submit(good, USERS.coreOperator))
    expect(world.state('invoice', second.invoice).use).to.equal('DISCHARGED')
    expect(world.value(CORE, 'usage', payment).usedFen).to.equal(22_520_000n)
    const third = await confirmedTrade(world)
    const rest = allocate(payment, [{ trade: third, amount: 480_001n }])
    await refused(world.submit(rest, USERS.coreOperator), 'ALLOCATION_EXCEEDS_PAYMENT')
    await must(
      world.submit(allocate(payment, [{ trade: third, amount: 480_000n }]), USERS.coreOperator),
    )
  })

  it('an invoice that the tax office rejects is neither matched nor confirmed', async () => {
    const trade = await enterTrade(world)
    const check = (result: 'VALID' | 'INVALID') =>
      operations.trade.checkTax({ items: [{ invoiceId: trade.invoice, ...TRADE, result }] })
    await must(world.submit(check('INVALID'), USERS.coreOperator))
    await refused(match(world, trade), 'TAX_REFUSED')
    await refused(world.submit(check('VALID'), USERS.coreOperator), 'MOVE_REFUSED')
  })
})
