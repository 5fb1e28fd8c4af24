/** Faults seen in public projects of this kind: each is played, and each is refused. */
import { expect } from 'chai'
import { contracts } from '../index.ts'
import { amountFen, canonicalJson, localDate, operations, opening } from '../model/index.ts'
import type { Operation } from '../model/index.ts'
import { attestRedemption, collect, finance, mature, settle, share } from '../testing/financing.ts'
import { playToHolders } from '../testing/play.ts'
import {
  ALLIANCE,
  BANK_A,
  BANK_B,
  CORE,
  FACE,
  HOLDING,
  TRADE,
  USERS,
  activeCertificate,
  enterTrade,
  id,
  idOfInvoice,
  inDays,
  invoiceOf,
  moveCalendar,
  must,
  openWorld,
  orderOf,
  seed,
  split,
  submitInvoice,
} from '../testing/story.ts'
import { refused } from '../testing/refused.ts'
import type { World } from '../testing/world.ts'

const transferOf = (world: World, certificate: string): Operation =>
  operations.receivables.offerTransfer({
    seed: seed(),
    items: [
      {
        ...HOLDING,
        toMsp: ALLIANCE,
        id: certificate,
        terms: world.opening(CORE, 'receivable', certificate),
        to: 'm-tier2',
        until: inDays(5),
        reason: '',
      },
    ],
  })

describe('faults of public projects', () => {
  let world: World
  beforeEach(async () => {
    world = await openWorld()
  })

  it('pay by anyone without proof of funds', async () => {
    const { certificate } = await activeCertificate(world)
    await moveCalendar(world, 63)
    await must(world.submit(mature(world, certificate, ALLIANCE), USERS.allianceOperator))
    const payment = id('payment')
    const claim = attestRedemption(payment, FACE)
    await refused(world.submit(claim, USERS.tier1), 'ROLE_REFUSED')
    const treasurer = { ...USERS.tier1, role: 'treasurer' }
    await refused(world.submit(claim, treasurer), 'ORGANISATION_REFUSED')
    const core = { ...USERS.coreMaker, role: 'treasurer' }
    await refused(world.submit(claim, core), 'ORGANISATION_REFUSED')
    // an obligor that writes the evidence into its own collection, alone
    const forged = canonicalJson({
      payer: 'm-core',
      entryReference: 'x',
      remittance: '',
      valueOn: inDays(0),
      currency: 'CNY',
      amountFen: FACE,
      bankMsp: CORE,
      payerMsp: CORE,
      salt: seed(),
    })
    const key = `Y:${payment}`
    const write = { collection: `_implicit_org_${CORE}`, key, value: forged }
    await must(world.collude([CORE], [write]))
    const roots = [{ rootId: certificate, amountFen: FACE }]
    await refused(world.submit(settle(world, payment, roots), core), 'ATTESTOR_REFUSED')
    const named = {
      ...write,
      value: forged.replace(`"bankMsp":"${CORE}"`, `"bankMsp":"${BANK_A}"`),
    }
    await must(world.collude([CORE], [named]))
    await refused(world.submit(settle(world, payment, roots), core), 'RECORD_NOT_AUTHENTIC')
  })

  it('a bank the obligor did not name attests its redemption', async () => {
    world = await openWorld([BANK_A])
    const { certificate } = await activeCertificate(world)
    await moveCalendar(world, 63)
    const payment = id('payment')
    const { args, transient } = attestRedemption(payment, FACE)
    const attest = {
      contract: 'settlement',
      function: 'attest',
      args,
      transient,
      endorsingOrganizations: [BANK_B, CORE],
    }
    await must(world.submit(attest, USERS.bankB))
    const operation = settle(world, payment, [{ rootId: certificate, amountFen: FACE }])
    await refused(world.submit(operation, USERS.bankB), 'ATTESTOR_REFUSED')
    await refused(world.submit(operation, USERS.bankA), 'ORGANISATION_REFUSED')
  })

  it('one payment redeems twice', async () => {
    const first = await activeCertificate(world)
    const second = await activeCertificate(world)
    await moveCalendar(world, 63)
    const payment = id('payment')
    await must(world.submit(attestRedemption(payment, FACE), USERS.bankA))
    await refused(world.submit(attestRedemption(payment, FACE), USERS.bankA), 'RECORD_EXISTS')
    const put = (rootId: string, amount: bigint) =>
      settle(world, payment, [{ rootId, amountFen: amountFen(amount) }])
    await must(world.submit(put(first.certificate, FACE), USERS.bankA))
    await refused(
      world.submit(put(second.certificate, 1n), USERS.bankA),
      'ALLOCATION_EXCEEDS_PAYMENT',
    )
    const other = id('payment')
    await must(world.submit(attestRedemption(other, FACE), USERS.bankA))
    const over = settle(world, other, [{ rootId: first.certificate, amountFen: amountFen(1n) }])
    await refused(world.submit(over, USERS.bankA), 'SETTLEMENT_EXCEEDS_FACE')
  })

  it('guarantee and recourse by anyone, one administrator who can void anything', () => {
    const functions = contracts.flatMap(Class =>
      Object.getOwnPropertyNames(Class.prototype).map(name => name.toLowerCase()),
    )
    for (const power of [
      'guarantee',
      'recourse',
      'void',
      'annul',
      'delete',
      'cancel',
      'setstate',
      'admin',
    ])
      expect(
        functions.filter(name => name.includes(power)),
        power,
      ).to.deep.equal([])
  })

  it('float money', async () => {
    const document = orderOf(1_000n, 100n)
    const order = operations.trade.submitOrders({
      seed: seed(),
      items: [{ ...TRADE, id: id('order'), document }],
    })
    const text = Buffer.from(order.transient.private as Uint8Array).toString()
    for (const bad of ['1.5', '"1.5"', '"1e3"', '"-1"', '1', '""', 'null']) {
      const changed = text.replace('"quantityMilli":"1000"', `"quantityMilli":${bad}`)
      const operation = { ...order, transient: { private: Buffer.from(changed) } }
      await refused(world.submit(operation, USERS.coreOperator), 'REQUEST_MALFORMED')
    }
  })

  it('wall-clock time in a contract: the day is the transaction’s and the policy’s', async () => {
    const { certificate } = await activeCertificate(world)
    await refused(
      world.submit(mature(world, certificate, ALLIANCE), USERS.allianceOperator),
      'NOT_DUE',
    )
    world.epochSeconds += 63 * 86_400
    await must(world.submit(mature(world, certificate, ALLIANCE), USERS.allianceOperator))
  })

  it('a discount that does not move the holder', async () => {
    const { certificate } = await activeCertificate(world)
    const request = await finance(world, certificate)
    expect(world.value(CORE, 'receivable', certificate).holder).to.equal('m-banka1')
    expect(world.state('receivable', certificate)).to.include({
      holderMsp: BANK_A,
      state: 'ACTIVE',
    })
    expect(world.state('request', request).state).to.equal('CLOSED')
  })

  it('a split that leaves the parent spendable', async () => {
    const { certificate } = await activeCertificate(world)
    await must(world.submit(split(world, certificate, [FACE - 100n, 100n]).operation, USERS.tier1))
    await refused(world.submit(transferOf(world, certificate), USERS.tier1), 'MOVE_REFUSED')
  })

  it('transfer of a disabled parent: nothing under a frozen root moves', async () => {
    const { trade, certificate } = await activeCertificate(world)
    const { operation, children } = split(world, certificate, [FACE - 100n, 100n])
    await must(world.submit(operation, USERS.tier1))
    const invoice = { invoiceId: trade.invoice, ...TRADE }
    for (const result of ['VALID', 'RED_LETTERED'] as const)
      await must(
        world.submit(
          operations.trade.checkTax({ items: [{ ...invoice, result }] }),
          USERS.allianceOperator,
        ),
      )
    const child = children[0] as string
    await refused(world.submit(transferOf(world, child), USERS.tier1), 'FROZEN')
    await refused(
      world.submit(split(world, child, [100n, FACE - 200n]).operation, USERS.tier1),
      'FROZEN',
    )
  })

  it('uniqueness on the bare invoice number: two sellers do not collide, the same invoice does', async () => {
    const trade = await enterTrade(world)
    const document = invoiceOf(trade.orderId, 1_000n, 1_000_000n)
    await must(submitInvoice(world, document))
    await refused(submitInvoice(world, document), 'INVOICE_DUPLICATE')
    const sameNumber = { ...document, issuedOn: localDate('2026-01-02') }
    expect(idOfInvoice(sameNumber)).to.not.equal(idOfInvoice(document))
  })

  it('redeem that does nothing and reports success', async () => {
    const { certificate } = await activeCertificate(world)
    await moveCalendar(world, 63)
    await must(world.submit(mature(world, certificate, ALLIANCE), USERS.allianceOperator))
    const payment = id('payment')
    await must(world.submit(attestRedemption(payment, FACE), USERS.bankA))
    const part = [{ rootId: certificate, amountFen: amountFen(100n) }]
    await must(world.submit(settle(world, payment, part), USERS.bankA))
    await must(world.submit(share(world, certificate), USERS.bankA))
    await must(world.submit(collect(world, certificate, ALLIANCE), USERS.allianceOperator))
    await refused(
      world.submit(collect(world, certificate, ALLIANCE), USERS.allianceOperator),
      'NOTHING_TO_COLLECT',
    )
    expect(world.state('receivable', certificate).state).to.equal('PAID_PART')
  })

  it('an amount, rate or date of payment in public: nothing private is in args, state, events, answers', async () => {
    world.transcript.length = 0
    await playToHolders(world)
    const seen = world.transcript.join('\n')
    const secrets = ['11300000', '3333333', '7966667', '36500', '1000000', '10000000']
    for (const secret of secrets)
      expect(seen.includes(`"${secret}"`) || seen.includes(`:${secret}`), secret).to.equal(false)
    for (const word of ['Fen"', 'Ppm"', 'dueOn', 'salt', 'm-tier2', 'PO-'])
      expect(seen, word).to.not.include(word)
  })

  it('openings that hash to something else, or to nothing, are refused', async () => {
    const { certificate } = await activeCertificate(world)
    const text = world.opening(CORE, 'receivable', certificate)
    const changed = opening(text.replace('11300000', '99900000'))
    const operation = operations.receivables.mature({
      items: [{ ...HOLDING, id: certificate, terms: changed }],
    })
    await refused(world.submit(operation, USERS.allianceOperator), 'OPENING_WRONG')
  })
})
