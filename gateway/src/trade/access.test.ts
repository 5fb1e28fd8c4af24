import { expect } from 'chai'
import type { Client } from '../client/index.ts'
import { block } from '../testing/ledger.ts'
import { invoiceOf, invoiceState, receivableState, termsOf } from '../testing/records.ts'
import { codeOf, testGateway, type TestGateway } from '../testing/gateway.ts'

const A = 'm00000000000000aa'
const B = 'm00000000000000bb'
const CORE = 'm00000000000000cc'
const PAPER = 'a'.repeat(32)

describe('who sees and touches what', function () {
  this.timeout(60_000)
  let gateway: TestGateway
  let [a, b, auditor]: Client[] = []
  before(async () => {
    gateway = await testGateway()
    const introduced = [A, B].map(memberId => ({
      memberId,
      mspId: 'AllianceMSP',
      kind: 'SUPPLIER' as const,
      name: memberId,
      uscc: '91440304MA3476801A',
    }))
    await gateway.services.directory.take(introduced, true)
    a = await gateway.user({ login: 'a.maker', roles: ['maker'], memberId: A })
    b = await gateway.user({ login: 'b.maker', roles: ['maker'], memberId: B })
    auditor = await gateway.user({ login: 'auditor', roles: ['auditor'] })
    await gateway.project(
      block(0, [
        {
          writes: [
            { key: 'I:inv-a', value: invoiceState },
            { key: 'I:inv-b', value: invoiceState },
            { key: 'I:inv-foreign', value: { ...invoiceState, sellerMsp: 'OtherMSP' } },
            { key: `R:${PAPER}`, value: receivableState(PAPER) },
          ],
          secrets: [
            { key: 'I:inv-a', value: invoiceOf({ buyer: CORE, seller: A }, '1') },
            { key: 'I:inv-b', value: invoiceOf({ buyer: CORE, seller: B }, '2') },
            { key: `R:${PAPER}`, value: termsOf({ obligor: CORE, holder: A }) },
          ],
        },
      ]),
    )
  })
  after(() => gateway.close())

  const invoices = async (client: Client | undefined): Promise<string[]> =>
    ((await client?.call('invoices.list', {}))?.items ?? []).map(one => one.invoiceId)

  it('a member’s user lists its own documents only, an auditor all of the organisation', async () => {
    expect(await invoices(a)).to.deep.equal(['inv-a'])
    expect(await invoices(b)).to.deep.equal(['inv-b'])
    expect(await invoices(auditor)).to.have.members(['inv-a', 'inv-b'])
  })

  it('another member’s object is unknown, exactly like one that does not exist', async () => {
    const get = (invoiceId: string) => codeOf(b!.call('invoices.get', { params: { invoiceId } }))
    expect(await get('inv-b')).to.equal('accepted')
    expect(await get('inv-a')).to.equal('OBJECT_UNKNOWN')
    expect(await get('inv-none')).to.equal('OBJECT_UNKNOWN')
    expect(await get('inv-foreign')).to.equal('OBJECT_UNKNOWN')
    const paper = b!.call('certificates.get', { params: { certificateId: PAPER } })
    expect(await codeOf(paper)).to.equal('OBJECT_UNKNOWN')
  })

  it('a write on another member’s certificate never reaches the ledger', async () => {
    const split = b!.perform('certificates.split', {
      params: { certificateId: PAPER },
      body: { amountsFen: ['5000', '5000'] },
    })
    expect(await codeOf(split)).to.equal('OBJECT_UNKNOWN')
    const own = a!.perform('certificates.split', {
      params: { certificateId: PAPER },
      body: { amountsFen: ['5000', '5000'] },
    })
    expect(await codeOf(own)).to.equal('accepted')
  })

  it('an operation is shown to the member that began it', async () => {
    const { items } = await a!.call('operations.list', {})
    const operationId = items[0]?.operationId ?? ''
    expect(await codeOf(b!.call('operations.get', { params: { operationId } }))).to.equal(
      'OBJECT_UNKNOWN',
    )
    expect((await b!.call('operations.list', {})).items.map(o => o.operationId)).to.not.include(
      operationId,
    )
  })

  it('a cursor that was not made by us is refused', async () => {
    expect(await codeOf(a!.call('invoices.list', { query: { cursor: 'xx' } }))).to.equal(
      'CURSOR_INVALID',
    )
  })
})
