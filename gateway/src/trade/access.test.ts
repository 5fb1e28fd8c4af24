import { expect } from 'chai'
import type { Client } from '../client/index.ts'
import { block } from '../testing/ledger.ts'
import { invoiceOf, invoiceState, receivableState, termsOf } from '../testing/records.ts'
import { codeOf, testGateway, type TestGateway } from '../testing/gateway.ts'

const A = 'm00000000000000aa'
const B = 'm00000000000000bb'
const CORE = 'm00000000000000cc'
const BANK = 'm00000000000000dd'
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

  it('a supplier is told no rival’s name and nobody’s credit code', async () => {
    const kinds: Readonly<Record<string, string>> = {
      [A]: 'SUPPLIER',
      [B]: 'SUPPLIER',
      [CORE]: 'OBLIGOR',
      [BANK]: 'FUNDER',
    }
    const entries = [CORE, BANK].map(memberId => ({
      memberId,
      mspId: 'CoreMSP',
      kind: kinds[memberId] as 'OBLIGOR',
      name: memberId,
      uscc: '91440304MA3476801A',
    }))
    await gateway.services.directory.take(entries, false)
    const state = (kind: string) => ({ mspId: 'AllianceMSP', kind, status: 'ACTIVE' })
    const writes = Object.entries(kinds).map(([id, kind]) => ({
      key: `M:${id}`,
      value: state(kind),
    }))
    await gateway.project(block(1, [{ writes }]))
    const named = async (client: Client | undefined) => {
      const items = (await client?.call('members.list', {}))?.items ?? []
      expect(items).to.have.length(4)
      return items.filter(one => one.name !== undefined).map(one => [one.memberId, !!one.uscc])
    }
    expect(await named(auditor)).to.have.deep.members(Object.keys(kinds).map(id => [id, true]))
    const known = (ids: string[]) => ids.map(id => [id, false])
    expect(await named(a)).to.have.deep.members(known([A, CORE, BANK]))
    const transfer = { from: A, to: B, until: '2026-02-01', reason: '', salt: '0'.repeat(64) }
    await gateway.project(block(2, [{ secrets: [{ key: `T:${PAPER}`, value: transfer }] }]))
    expect(await named(a)).to.have.deep.members(known([A, B, CORE, BANK]))
  })

  it('an operator who acts for one member is no operator of the organisation', async () => {
    const branch = await gateway.user({
      login: 'branch',
      roles: ['operator', 'treasurer'],
      memberId: A,
    })
    const password = 'a password for mallory'
    const mallory = { login: 'mallory', name: 'M', password, roles: ['checker' as const] }
    const member = { name: 'M', uscc: '91440304MA3476801A', kind: 'SUPPLIER' as const }
    const introduction = { ...member, memberId: B, mspId: 'AllianceMSP', name: 'renamed' }
    const attempts = [
      branch.call('users.create', { body: mallory }),
      branch.call('users.list', {}),
      branch.call('users.disable', { params: { userId: a!.session!.user.userId } }),
      branch.call('members.create', { body: { members: [member] } }),
      branch.call('directory.export', {}),
      branch.call('directory.import', { body: { items: [introduction] } }),
      branch.call('policy.propose', { body: { calendarOffsetDays: 1 } }),
    ]
    const codes = await Promise.all(attempts.map(codeOf))
    expect(codes).to.deep.equal(attempts.map(() => 'ROLE_MISSING'))
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
