/** The read model of the core enterprise after a pilot, as the blocks that bring it about. */
import { block } from '@triflow/gateway/testing/ledger'
import {
  balanceOf,
  invoiceOf,
  invoiceState,
  orderOf,
  receiptOf,
  receivableState,
  termsOf,
} from '@triflow/gateway/testing/records'

/** The organisation that is read at: the buyer of every invoice. */
export const MSP = 'CoreMSP'
/** The only member of that organisation. */
export const CORE = 'm00000000000000cc'
export const SUPPLIERS = Array.from(
  { length: 20 },
  (_, index) => `m${String(index).padStart(16, '0')}`,
)

/** Part of every id and every number of these records and of nothing else in them: a copy replaces it. */
export const GENERATION = 'c000'
/** Part of every day of these records and of nothing else in them: a copy is of another month. */
export const MONTH = '-01-'

const COUNTS = { order: 1_000, receipt: 2_000, payment: 1_000, invoice: 2_000, receivable: 80 }
type Kind = keyof typeof COUNTS
const PER_BLOCK = 100

/** With the balance that each invoice has. */
export const RECORDS = Object.values(COUNTS).reduce((sum, count) => sum + count, COUNTS.invoice)

interface Written {
  readonly writes?: { key: string; value: object }[]
  readonly secrets: { key: string; value: object }[]
}

/** Of each hundred invoices, from the first on; the others are matched and confirmed. */
const WAITING = [
  { upTo: 4, state: { match: 'EXCEPTION', codes: ['PRICE'] } },
  { upTo: 7, state: { match: 'MATCHED' } },
  { upTo: 9, state: { match: 'MATCHED', pending: { step: 'CONFIRM', by: 'f'.repeat(64) } } },
  { upTo: 12, state: { match: 'NONE' } },
]
const SETTLED = { match: 'MATCHED', approval: 'CONFIRMED', use: 'FREE' }

const idOf = (kind: Kind, index: number): string =>
  `${GENERATION}${kind}${String(index).padStart(12, '0')}`
const dayOf = (index: number): string => `2026${MONTH}${String(1 + (index % 28)).padStart(2, '0')}`
/** A year later: nothing falls due before it was issued, whatever month a copy is of. */
const dueOf = (index: number): string => dayOf(index).replace('2026', '2027')
const sidesOf = (index: number) => ({
  buyer: CORE,
  seller: SUPPLIERS[index % SUPPLIERS.length] ?? '',
})

const WRITTEN: Readonly<Record<Kind, (index: number) => Written>> = {
  order: index => ({
    secrets: [
      {
        key: `O:${idOf('order', index)}`,
        value: {
          ...orderOf(sidesOf(index), '100000000'),
          number: `PO${idOf('order', index)}`,
          orderedOn: dayOf(index),
        },
      },
    ],
  }),
  receipt: index => ({
    secrets: [
      {
        key: `P:${idOf('receipt', index)}`,
        value: {
          ...receiptOf(sidesOf(index), [idOf('order', index % COUNTS.order)], '1000'),
          number: `GR${idOf('receipt', index)}`,
          receivedOn: dayOf(index),
        },
      },
    ],
  }),
  payment: index => ({
    secrets: [{ key: `Y:${idOf('payment', index)}`, value: paymentOf(index) }],
  }),
  invoice: index => invoiceWrites(index),
  receivable: index => certificateWrites(index),
}

function paymentOf(index: number): object {
  const { buyer, seller } = sidesOf(index)
  return {
    payer: buyer,
    payee: seller,
    entryReference: idOf('payment', index),
    remittance: `INV${idOf('invoice', index)}`,
    valueOn: dayOf(index),
    currency: 'CNY',
    amountFen: '11300',
    bankMsp: 'BankAMSP',
    payerMsp: MSP,
    payeeMsp: 'AllianceMSP',
    salt: '0'.repeat(64),
  }
}

function invoiceWrites(index: number): Written {
  const id = idOf('invoice', index)
  const waiting = WAITING.find(({ upTo }) => index % 100 < upTo)
  const invoice = invoiceOf(sidesOf(index), `INV${id}`)
  const lines = invoice.lines.map(line => ({
    ...line,
    orderId: idOf('order', index % COUNTS.order),
  }))
  const fen = { confirmedFen: waiting ? '0' : '11300', creditedFen: '0', paidFen: '0' }
  return {
    writes: [{ key: `I:${id}`, value: { ...invoiceState, ...(waiting?.state ?? SETTLED) } }],
    secrets: [
      {
        key: `I:${id}`,
        value: { ...invoice, lines, issuedOn: dayOf(index), payableOn: dueOf(index) },
      },
      {
        key: `B:${id}`,
        value: {
          ...balanceOf(sidesOf(index), { ...fen, differenceFen: '0' }),
          payableOn: dueOf(index),
        },
      },
    ],
  }
}

/** Every fourth is split, every fourth redeemed; the others are held. */
function certificateWrites(index: number): Written {
  const id = idOf('receivable', index)
  const state = ['CONSUMED', 'REDEEMED', 'ACTIVE', 'ACTIVE'][index % 4]
  const { buyer, seller } = sidesOf(index)
  // The first twelve of a hundred invoices wait, so that nothing can have been issued over them.
  const use = { invoiceId: idOf('invoice', 12 + index), amountFen: '10000' }
  const terms = {
    ...termsOf({ obligor: buyer, holder: seller }),
    issuedOn: dayOf(index),
    offerUntil: dayOf(index),
    dueOn: dueOf(index),
    uses: [use],
    collectedFen: state === 'REDEEMED' ? '10000' : '0',
  }
  return {
    writes: [{ key: `R:${id}`, value: { ...receivableState(id), state } }],
    secrets: [{ key: `R:${id}`, value: terms }],
  }
}

/** Blocks from 0 on, each of one transaction that writes up to a hundred documents of one kind. */
export function blocks(): ReturnType<typeof block>[] {
  const transactions = (Object.keys(COUNTS) as Kind[]).flatMap(kind => {
    const all = Array.from({ length: COUNTS[kind] }, (_, index) => WRITTEN[kind](index))
    const starts = Array.from({ length: Math.ceil(all.length / PER_BLOCK) }, (_, n) => n)
    return starts.map(n => all.slice(n * PER_BLOCK, (n + 1) * PER_BLOCK))
  })
  return transactions.map((written, number) =>
    block(number, [
      {
        msp: MSP,
        writes: written.flatMap(each => each.writes ?? []),
        secrets: written.flatMap(each => each.secrets),
      },
    ]),
  )
}
