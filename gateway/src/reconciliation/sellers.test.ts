import { expect } from 'chai'
import { DEFAULT_RULES, sellerTag } from '@triflow/chaincode/model'
import type { Client } from '../client/index.ts'
import { rulesId } from '../network/operations.ts'
import { CATEGORY } from '../imports/judge.ts'
import { testGateway, type TestGateway } from '../testing/gateway.ts'
import { block, scriptedLedger } from '../testing/ledger.ts'
import { invoiceOf, invoiceState } from '../testing/records.ts'
import { gatherEvidence } from './evidence.ts'

const BUYER = 'm00000000000000cc'
const SELLER = 'm00000000000000aa'
const CODE = '91330106MA3385838Q'
const RIVALS_CODE = '91110108MA5749893B'
const SIDES = { buyer: BUYER, seller: SELLER }

const RULES = {
  ...(JSON.parse(
    JSON.stringify(DEFAULT_RULES, (_key, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    ),
  ) as object),
  category: CATEGORY,
  version: 1,
  effectiveFrom: '2020-01-01',
  salt: '0'.repeat(64),
}

describe('an invoice under another credit code than the buyer knows its seller by', function () {
  this.timeout(60_000)
  const ledger = scriptedLedger({})
  let gateway: TestGateway
  let maker: Client
  let operator: Client

  const tag = (code: string): string => sellerTag(gateway.services.consortiumKey, code)
  const invoice = (number: string, code: string) => ({
    ...invoiceOf(SIDES, number),
    sellerTag: tag(code),
  })
  const rulesKey = (): string =>
    `K:${rulesId(gateway.services.consortiumKey, [BUYER, SELLER, CATEGORY])}`
  const rules = (held: { sellerTag?: string }) => ({
    key: rulesKey(),
    value: { ...SIDES, ...held, ...RULES },
  })
  const projectAtCore = (number: number, secrets: Parameters<typeof block>[1][number]['secrets']) =>
    gateway.project(
      block(number, [
        {
          writes: [
            ...['honest', 'false'].map(id => ({ key: `I:${id}`, value: invoiceState })),
            {
              key: rulesKey(),
              value: { buyerMsp: 'CoreMSP', sellerMsp: 'AllianceMSP', version: 1 },
            },
          ],
          secrets: secrets ?? [],
          msp: 'CoreMSP',
        },
      ]),
    )

  before(async () => {
    gateway = await testGateway({ organization: 'core', mspId: 'CoreMSP', ledger })
    const { directory } = gateway.services
    const core = { memberId: BUYER, mspId: 'CoreMSP', kind: 'OBLIGOR' as const }
    await directory.take([{ ...core, name: 'Core', uscc: '91440304MA3476801A' }], true)
    const seller = { memberId: SELLER, mspId: 'AllianceMSP', kind: 'SUPPLIER' as const }
    await directory.take([{ ...seller, name: 'A', uscc: CODE }], false)
    maker = await gateway.user({ login: 'maker', roles: ['maker'], memberId: BUYER })
    operator = await gateway.user({ login: 'operator', roles: ['operator'] })
    await projectAtCore(0, [
      { key: 'I:honest', value: invoice('1', CODE) },
      { key: 'I:false', value: invoice('2', RIVALS_CODE) },
      rules({}),
    ])
  })
  after(() => gateway.close())

  const lacking = async (): Promise<string[]> => {
    const evidence = await gatherEvidence(gateway.services, ['honest', 'false'])
    return [...evidence.values()].map(found => ('lacking' in found ? found.lacking : 'judged'))
  }

  it('is not judged by rules that would take the seller’s word', async () => {
    expect(await lacking()).to.deep.equal(['judged', 'SELLER'])
  })

  it('is left to the ledger where the rules hold the seller’s tag', async () => {
    await projectAtCore(1, [rules({ sellerTag: tag(CODE) })])
    expect(await lacking()).to.deep.equal(['judged', 'judged'])
  })

  it('is not proposed for confirmation; the honest one beside it is', async () => {
    const items = ['false', 'honest'].map(invoiceId => ({ invoiceId }))
    const operation = await maker.call('confirmations.propose', { body: { items } })
    expect(operation.items.map(({ id, ok, code }) => [id, ok, code])).to.deep.equal([
      ['false', false, 'SELLER'],
      ['honest', true, undefined],
    ])
    expect(ledger.sent).to.have.length(1)
  })

  it('is known to the ledger by the rules that an operator sets', async () => {
    await operator.call('rules.set', { body: { sellerMemberIds: [SELLER] } })
    const sent = JSON.stringify(ledger.endorsed.at(-1), (_key, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString() : value,
    )
    expect(sent).to.include(tag(CODE))
  })
})
