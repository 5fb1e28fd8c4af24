import { expect } from 'chai'
import { amountFen, operations, quantityMilli, sellerTag } from '../model/index.ts'
import type { Operation, RuleSet } from '../model/index.ts'
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
  moveCalendar,
  must,
  openWorld,
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
    await must(world.submit(again, USERS.coreOperator))
    expect(world.state('invoice', trade.invoice)).to.include({ match: 'MATCHED' })
    expect(world.state('invoice', trade.invoice).codes).to.equal(undefined)
    await refused(world.submit(again, USERS.coreOperator), 'MOVE_REFUSED')
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
      reason: 'PRICE_AGREED',
      remark: 'steel index clause, 2.4 % since May',
    })
    world.transcript.length = 0
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
    expect(world.transcript.join('\n')).to.not.include('steel')
    expect(world.value(ALLIANCE, 'remark', trade.invoice).text).to.include('steel index')
    expect(balanceOf(trade)).to.include({ eligibleFen: 11_600_000n, disputedFen: 39_000n })
    expect(world.holds(CORE, 'progress', trade.orderId)).to.equal(true)
    await must(world.submit(proposeConfirmation(world, trade), USERS.coreMaker))
    await must(world.submit(confirmation(world, trade), USERS.coreChecker))
  })

  it('a rejected exception is final', async () => {
    const trade = await enterTrade(world, { invoicePrice: 103_000_000n })
    await must(match(world, trade))
    const input = { ...TRADE, invoiceId: trade.invoice, seed: seed(), reason: 'PRICE' } as const
    await must(world.submit(operations.reconciliation.reject(input), USERS.coreChecker))
    await refused(match(world, trade), 'MOVE_REFUSED')
  })

  it('a reason in public is a word of the list; a price or a name cannot ride in it', async () => {
    const trade = await enterTrade(world)
    await must(match(world, trade))
    const item = { ...TRADE, invoiceId: trade.invoice }
    const reject = (reason: string, remark?: string) =>
      operations.confirmation.reject({
        seed: seed(),
        items: [{ ...item, reason: reason as 'OTHER', ...(remark ? { remark } : {}) }],
      })
    const words = '103 yuan is not what tier1 agreed to'
    await refused(world.submit(reject(words), USERS.coreChecker), 'REQUEST_MALFORMED')
    world.transcript.length = 0
    await must(world.submit(reject('PRICE', words), USERS.coreChecker))
    expect(world.transcript.join('\n')).to.not.include('yuan')
    expect(world.state('invoice', trade.invoice).pending?.reason).to.equal('PRICE')
    for (const mspId of [CORE, ALLIANCE])
      expect(world.value(mspId, 'remark', trade.invoice).text).to.equal(words)
  })

  it('a seller does not judge its own invoice: it would leave out what came back', async () => {
    const trade = await enterTrade(world)
    const operation = operations.reconciliation.match({
      seed: seed(),
      items: [matchItem(world, trade)],
    })
    await refused(world.submit(operation, USERS.allianceOperator), 'ORGANISATION_REFUSED')
    await refused(
      world.submit(operation, { ...USERS.tier1, role: 'maker' }),
      'ORGANISATION_REFUSED',
    )
  })

  const newRules = async (trade: Trade, change: Partial<RuleSet>): Promise<void> => {
    const { salt: _, ...held } = world.value(CORE, 'rules', trade.rulesId)
    const rules = { ...held, version: held.version + 1, ...change }
    const input = { ...TRADE, id: trade.rulesId, seed: seed(), rules }
    await must(world.submit(operations.reconciliation.setRules(input), USERS.coreOperator))
  }

  it('an invoice under a tax id that the buyer does not know its seller by is an exception', async () => {
    const other = await enterTrade(world)
    const rival = '914403001922038216'
    await newRules(other, { sellerTag: sellerTag(CONSORTIUM_KEY, rival) })
    const verdict = JSON.parse(await must(match(world, other))) as { items: object[] }
    expect(verdict.items[0]).to.include({ match: 'EXCEPTION' })
    expect(world.state('invoice', other.invoice).codes).to.deep.equal(['SELLER'])
    expect(balanceOf(other).eligibleFen).to.equal(0n)
    const known = await enterTrade(world)
    await newRules(known, { sellerTag: sellerTag(CONSORTIUM_KEY, TAX_ID) })
    await must(match(world, known))
    expect(world.state('invoice', known.invoice).match).to.equal('MATCHED')
  })

  it('rules do not judge before the day on which they take effect', async () => {
    const trade = await enterTrade(world)
    await newRules(trade, { effectiveFrom: inDays(1) })
    await refused(match(world, trade), 'RULES_NOT_IN_FORCE')
    await moveCalendar(world, 1)
    await must(match(world, trade))
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
