import { expect } from 'chai'
import { amountFen, operations, quantityMilli } from '../model/index.ts'
import {
  BANK_A,
  CONSORTIUM_KEY,
  CORE,
  TAX_ID,
  TRADE,
  USERS,
  activeCertificate,
  enterTrade,
  id,
  inDays,
  invoiceOf,
  must,
  openWorld,
  orderOf,
  seed,
  submitInvoice,
} from '../testing/story.ts'
import { refused } from '../testing/refused.ts'
import type { World } from '../testing/world.ts'

const PARTIES = { buyer: 'm-core', seller: 'm-tier1' }

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

  it('a tax answer is no member’s to give, and no debtor voids the invoice its paper stands on', async () => {
    const { trade } = await activeCertificate(world)
    const answer = (result: 'VALID' | 'VOIDED') =>
      operations.trade.checkTax({ items: [{ ...TRADE, invoiceId: trade.invoice, result }] })
    const rival = { ...USERS.tier2, role: 'operator' }
    await refused(world.submit(answer('VALID'), rival), 'MEMBER_REFUSED')
    await refused(world.submit(answer('VALID'), USERS.tier1), 'ROLE_REFUSED')
    await must(world.submit(answer('VALID'), USERS.coreOperator))
    await refused(world.submit(answer('VOIDED'), USERS.coreOperator), 'ORGANISATION_REFUSED')
    await must(world.submit(answer('VOIDED'), USERS.allianceOperator))
  })
})
