import { expect } from 'chai'
import fc from 'fast-check'
import {
  DEFAULT_RULES,
  addDays,
  amountFen,
  certified,
  checkedBalance,
  confirmedBalance,
  credited,
  judgeInvoice,
  judgedBalance,
  lineNetFen,
  localDate,
  locked,
  paid,
  paidShort,
  priceMicro,
  quantityMilli,
  ratePpm,
  shareFen,
  unlocked,
} from './index.ts'
import type {
  Balance,
  Invoice,
  MatchEvidence,
  MatchResult,
  Order,
  Progress,
  Receipt,
  RuleSet,
} from './index.ts'

const PARTIES = { buyer: 'core', seller: 'tier1' }
const ORDER = 'order-00000000000001'
const RECEIVED = localDate('2026-03-01')
const rules: RuleSet = {
  ...DEFAULT_RULES,
  ...PARTIES,
  category: 'steel',
  version: 1,
  effectiveFrom: localDate('2026-01-01'),
}
const order = (quantity = 1_000n, price = 100n): Order => ({
  ...PARTIES,
  number: 'PO-1',
  orderedOn: localDate('2026-02-01'),
  currency: 'CNY',
  category: 'steel',
  lines: [
    {
      line: '1',
      quantityMilli: quantityMilli(quantity * 1_000n),
      unitPriceMicro: priceMicro(price * 1_000_000n),
      taxRatePpm: ratePpm(130_000n),
    },
  ],
})
const receipt = (quantity: bigint, receivedOn = RECEIVED): Receipt => ({
  ...PARTIES,
  number: 'GR',
  receivedOn,
  final: false,
  lines: [{ orderId: ORDER, line: '1', quantityMilli: quantityMilli(quantity * 1_000n) }],
})
type InvoiceInput = { quantity: bigint; price?: bigint; issuedOn?: string; tax?: bigint }
const invoice = ({
  quantity,
  price = 100_000_000n,
  issuedOn = '2026-03-05',
  tax,
}: InvoiceInput): Invoice => {
  const milli = quantityMilli(quantity * 1_000n)
  const netFen = lineNetFen(milli, priceMicro(price))
  const taxFen = amountFen(tax ?? shareFen(netFen, ratePpm(130_000n)))
  const amounts = { netFen, taxFen }
  return {
    ...PARTIES,
    code: '',
    number: '1',
    issuedOn: localDate(issuedOn),
    payableOn: localDate('2026-06-01'),
    currency: 'CNY',
    ...amounts,
    totalFen: amountFen(netFen + taxFen),
    lines: [
      {
        orderId: ORDER,
        line: '1',
        quantityMilli: milli,
        unitPriceMicro: priceMicro(price),
        ...amounts,
      },
    ],
  }
}
const judge = (change: Partial<MatchEvidence>): MatchResult =>
  judgeInvoice({
    invoice: invoice({ quantity: 1_000n }),
    rules,
    orders: new Map([[ORDER, order()]]),
    progress: new Map(),
    receipts: new Map([['receipt-1', receipt(1_000n)]]),
    ...change,
  })

describe('the three-flow match', () => {
  it('what was ordered, received and invoiced alike is MATCHED in full', () => {
    const result = judge({})
    expect(result.match).to.equal('MATCHED')
    expect(result.acceptableFen).to.equal(11_300_000n)
  })

  it('a price in the buyer’s favour passes, and what is eligible is what was invoiced', () => {
    const result = judge({ invoice: invoice({ quantity: 1_000n, price: 90_000_000n }) })
    expect(result.match).to.equal('MATCHED')
    expect(result.acceptableFen).to.equal(10_170_000n)
  })

  it('a price within both limits is WITHIN_TOLERANCE, the difference recorded and not eligible', () => {
    const result = judge({ invoice: invoice({ quantity: 1_000n, price: 100_400_000n }) })
    expect(result.match).to.equal('WITHIN_TOLERANCE')
    expect(result.differenceFen).to.equal(40_000n)
    expect(result.acceptableFen).to.equal(11_300_000n)
  })

  it('a price over the ratio or over the value is an EXCEPTION', () => {
    const small = {
      orders: new Map([[ORDER, order(10n)]]),
      receipts: new Map([['r', receipt(10n)]]),
    }
    const overRatio = judge({ ...small, invoice: invoice({ quantity: 10n, price: 102_000_000n }) })
    expect(overRatio.codes).to.deep.equal(['PRICE'])
    const overValue = judge({ invoice: invoice({ quantity: 1_000n, price: 100_600_000n }) })
    expect(overValue.codes).to.deep.equal(['PRICE'])
  })

  it('quantity is judged against what was received, not what was ordered', () => {
    const result = judge({ receipts: new Map([['r', receipt(900n)]]) })
    expect(result.codes).to.deep.equal(['QUANTITY', 'HEADER_CAP'])
    expect(result.acceptableFen).to.equal(10_170_000n)
  })

  it('a small quantity difference is tolerated and not eligible', () => {
    const result = judge({ receipts: new Map([['r', receipt(996n)]]) })
    expect(result.match).to.equal('WITHIN_TOLERANCE')
    expect(result.acceptableFen).to.equal(11_254_800n)
  })

  it('nothing received is NO_RECEIPT, nothing eligible', () => {
    const result = judge({ receipts: new Map() })
    expect(result.codes).to.deep.equal(['NO_RECEIPT', 'HEADER_CAP'])
    expect(result.acceptableFen).to.equal(0n)
  })

  it('the second invoice of an order is not matched to the first receipt again', () => {
    const first = judge({ invoice: invoice({ quantity: 1_000n }) })
    const again = judge({ progress: first.progress, receipts: new Map() })
    expect(again.codes).to.include('NO_RECEIPT')
    expect(() => judge({ progress: first.progress })).to.throw('RECEIPT_COUNTED')
  })

  it('partial deliveries: each invoice takes what is left', () => {
    const first = judge({
      invoice: invoice({ quantity: 400n }),
      receipts: new Map([['r1', receipt(600n)]]),
    })
    const second = judge({
      invoice: invoice({ quantity: 600n }),
      progress: first.progress,
      receipts: new Map([['r2', receipt(400n)]]),
    })
    expect([first.match, second.match]).to.deep.equal(['MATCHED', 'MATCHED'])
    const lines = (second.progress.get(ORDER) as Progress).lines
    expect(lines).to.deep.equal([
      { line: '1', receivedMilli: 1_000_000n, invoicedMilli: 1_000_000n },
    ])
  })

  it('two lines of one invoice on one order line share what was received', () => {
    const one = invoice({ quantity: 1_000n })
    const double = {
      ...one,
      netFen: amountFen(one.netFen * 2n),
      taxFen: amountFen(one.taxFen * 2n),
      totalFen: amountFen(one.totalFen * 2n),
      lines: [...one.lines, ...one.lines],
    }
    const result = judge({ invoice: double })
    expect(result.codes).to.include('NO_RECEIPT')
    expect(result.acceptableFen).to.equal(one.totalFen)
  })

  it('a return lowers what may be invoiced', () => {
    const result = judge({
      receipts: new Map([
        ['r1', receipt(1_000n)],
        ['r2', receipt(-100n)],
      ]),
    })
    expect(result.codes).to.include('QUANTITY')
    expect(result.acceptableFen).to.equal(10_170_000n)
  })

  it('tax must be exact to the fen', () => {
    const result = judge({ invoice: invoice({ quantity: 1_000n, tax: 1_300_001n }) })
    expect(result.codes).to.deep.equal(['TAX'])
  })

  it('an unknown order line, another currency, dates out of order and over-delivery have codes', () => {
    const other = judge({ orders: new Map() })
    expect(other.codes).to.deep.equal(['ORDER_LINE'])
    const dollars = new Map([[ORDER, { ...order(), currency: 'USD' as 'CNY' }]])
    const foreign = judge({ orders: dollars })
    expect(foreign.codes).to.deep.equal(['CURRENCY'])
    expect(foreign.acceptableFen).to.equal(0n)
    const early = judge({ invoice: invoice({ quantity: 1_000n, issuedOn: '2026-02-28' }) })
    expect(early.codes).to.deep.equal(['DATES'])
    const late = addDays(RECEIVED, rules.invoiceDaysMax + 1)
    expect(judge({ invoice: invoice({ quantity: 1_000n, issuedOn: late }) }).codes).to.deep.equal([
      'DATES',
    ])
    const over = judge({ receipts: new Map([['r', receipt(1_200n)]]) })
    expect(over.codes).to.deep.equal(['OVER_DELIVERY'])
    const under = judge({
      invoice: invoice({ quantity: 500n }),
      receipts: new Map([['r', { ...receipt(500n), final: true }]]),
    })
    expect(under.codes).to.deep.equal(['UNDER_DELIVERY'])
  })

  it('evidence of other parties or another category is refused, not judged', () => {
    expect(() => judge({ rules: { ...rules, seller: 'other' } })).to.throw('MATCH_PARTIES')
    expect(() => judge({ rules: { ...rules, category: 'food' } })).to.throw('MATCH_PARTIES')
    const foreign = new Map([['r', { ...receipt(1_000n), buyer: 'other' }]])
    expect(() => judge({ receipts: foreign })).to.throw('MATCH_PARTIES')
  })

  it('never accepts more than was invoiced, nor more than received x order price with tax', () =>
    fc.assert(
      fc.property(
        fc.bigInt(1n, 2_000n),
        fc.bigInt(0n, 2_000n),
        fc.bigInt(50_000_000n, 150_000_000n),
        (invoiced, received, price) => {
          const document = invoice({ quantity: invoiced, price })
          const { acceptableFen } = judge({
            invoice: document,
            receipts: new Map(received === 0n ? [] : [['r', receipt(received)]]),
          })
          const cap = received * 10_000n
          expect(acceptableFen <= document.totalFen).to.equal(true)
          expect(acceptableFen <= cap + shareFen(amountFen(cap), ratePpm(130_000n))).to.equal(true)
        },
      ),
      { seed: 7, numRuns: 500 },
    ))
})

const balanceOf = (accept = 11_300_000n): Balance =>
  judgedBalance({
    invoice: invoice({ quantity: 1_000n }),
    acceptableFen: amountFen(accept),
    creditedFen: amountFen(0n),
    paidFen: amountFen(0n),
    verdict: {
      rules: ORDER,
      ruleVersion: 1,
      inputsHash: '00'.repeat(32),
      differenceFen: amountFen(0n),
    },
  })

describe('the balance of an invoice', () => {
  it('what is not eligible is disputed from the start', () => {
    const balance = balanceOf(10_000_000n)
    expect(balance.disputedFen).to.equal(1_300_000n)
    expect(() => confirmedBalance(balance, amountFen(10_000_001n))).to.throw(
      'AMOUNT_EXCEEDS_ELIGIBLE',
    )
  })

  it('a maker may propose another amount before the checker confirms', () => {
    const once = confirmedBalance(balanceOf(), amountFen(5_000_000n))
    const twice = confirmedBalance(once, amountFen(11_000_000n))
    expect(twice.availableFen).to.equal(11_000_000n)
    expect(twice.disputedFen).to.equal(300_000n)
  })

  it('a credit note settles the disputed part first and never touches what is certified', () => {
    const confirmed = confirmedBalance(balanceOf(10_000_000n), amountFen(10_000_000n))
    const used = certified(locked(confirmed, amountFen(9_000_000n)), amountFen(9_000_000n))
    const after = credited(used, amountFen(2_000_000n))
    expect([after.disputedFen, after.availableFen]).to.deep.equal([0n, 300_000n])
    expect(() => credited(after, amountFen(300_001n))).to.throw('CREDIT_EXCEEDS_AVAILABLE')
  })

  it('a short payment clears the rest within both limits only, and a dispute keeps it open', () => {
    const short = (amount: bigint, reason: 'DISCOUNT' | 'DISPUTE') =>
      paidShort({ balance: balanceOf(), amountFen: amountFen(amount), reason, rules })
    expect(short(11_250_000n, 'DISCOUNT').creditedFen).to.equal(50_000n)
    expect(() => short(11_000_000n, 'DISCOUNT')).to.throw('SHORT_PAY_REASON')
    expect(short(11_000_000n, 'DISPUTE').disputedFen).to.equal(300_000n)
  })

  it('cannot lock, certify or pay more than there is', () => {
    const balance = confirmedBalance(balanceOf(), amountFen(1_000n))
    expect(() => locked(balance, amountFen(1_001n))).to.throw('AMOUNT_EXCEEDS_AVAILABLE')
    expect(() => paid(balance, amountFen(1_001n))).to.throw('AMOUNT_EXCEEDS_AVAILABLE')
    expect(() => locked(balance, amountFen(0n))).to.throw('AMOUNT_NOT_POSITIVE')
    expect(() => locked(balance, amountFen(-5n))).to.throw('AMOUNT_NOT_POSITIVE')
    expect(() => locked(balanceOf(), amountFen(1n)), 'not confirmed').to.throw('BALANCE_BROKEN')
  })

  it('parts add up to the gross amount after any sequence of operations', () =>
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: 6 }), fc.bigInt(1n, 12_000_000n)), { maxLength: 30 }),
        steps => {
          let balance = balanceOf(11_000_000n)
          const moves = [
            confirmedBalance,
            locked,
            certified,
            unlocked,
            paid,
            credited,
            confirmedBalance,
          ]
          for (const [which, value] of steps)
            try {
              balance = (moves[which] as typeof paid)(balance, amountFen(value))
            } catch {
              continue
            }
          expect(checkedBalance(balance)).to.equal(balance)
          expect(balance.grossFen).to.equal(11_300_000n)
          expect(balance.lockedFen + balance.certifiedFen <= balance.confirmedFen).to.equal(true)
        },
      ),
      { seed: 11, numRuns: 1_000 },
    ))
})
