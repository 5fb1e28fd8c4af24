import { rm } from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { VaultFault } from '@triflow/ipfs'
import type { Client } from '../client/index.ts'
import { codeOf, testGateway, type TestGateway } from '../testing/gateway.ts'
import type { ImportReport } from './api.ts'
import {
  camt,
  creditNote,
  invoice,
  INVOICE_CSV,
  invoiceRow,
  order,
  zip,
} from './readers/samples.ts'
import { createImporter, type Importer } from './upload.ts'

const CORE = 'm00000000000000cc'
const SELLER = 'm00000000000000aa'
const ROSTER = `member_id,uscc,name,role,organization
${SELLER},91110108MA5749893B,A,SUPPLIER,AllianceMSP`

describe('imports', function () {
  this.timeout(120_000)
  let gateway: TestGateway
  let operator: Client
  before(async () => {
    gateway = await testGateway({ withVault: true, organization: 'core', mspId: 'CoreMSP' })
    const { directory } = gateway.services
    const firm = { kind: 'OBLIGOR', name: 'Core', uscc: '91440304MA3476801A' } as const
    await directory.take([{ ...firm, memberId: CORE, mspId: 'CoreMSP' }], true)
    const seller = { kind: 'SUPPLIER', name: 'A', uscc: '91330106MA3385838Q' } as const
    await directory.take([{ ...seller, memberId: SELLER, mspId: 'AllianceMSP' }], false)
    operator = await gateway.user({ login: 'operator', roles: ['operator'] })
  })
  after(() => gateway.close())

  const uploadAs = async (client: Client, text: string | Uint8Array, fileName: string) => {
    const content = Buffer.from(text)
    return (await client.call('imports.upload', { query: { fileName }, content })).importId
  }

  const upload = (text: string | Uint8Array, fileName = 'file'): Promise<string> =>
    uploadAs(operator, text, fileName)

  const report = (importId: string): Promise<ImportReport> =>
    operator.call('imports.get', { params: { importId } })

  const localCopy = (importId: string): string => path.join(gateway.scratch, `import-${importId}`)

  /** Calls the worker as the queue would: again after each failure. */
  async function workOff(importId: string, importer: Importer = gateway.importer): Promise<number> {
    for (let attempts = 1; attempts <= 10; attempts++) {
      await importer.work(importId).catch(() => undefined)
      if ((await report(importId)).finishedAt) return attempts
    }
    throw new Error(`import ${importId} is still open`)
  }

  it('a file that fails again and again for a reason nobody foresaw ends FAILED', async () => {
    const importId = await upload(order().replace('PO-2025-00711', 'PO-A'))
    await gateway.store.database.execute(
      `UPDATE documents SET keys = '[]' WHERE document_id =
         (SELECT document_id FROM imports WHERE import_id = $1)`,
      [importId],
    )
    await rm(localCopy(importId))
    expect(await workOff(importId)).to.equal(5)
    const { status, code, advice } = await report(importId)
    expect([status, code]).to.deep.equal(['FAILED', 'IMPORT_FAILED'])
    expect(advice?.en).to.be.a('string')
  })

  it('a file that ended FAILED is tried again when its bytes come again', async () => {
    const bytes = order().replace('PO-2025-00711', 'PO-AGAIN')
    const importId = await upload(bytes)
    await gateway.store.database.execute('UPDATE imports SET attempts = 5 WHERE import_id = $1', [
      importId,
    ])
    await workOff(importId)
    expect((await report(importId)).status).to.equal('FAILED')
    expect(await upload(bytes)).to.equal(importId)
    expect((await report(importId)).status).to.equal('RECEIVED')
    await workOff(importId)
    const { status, code } = await report(importId)
    expect([status, code]).to.deep.equal(['DONE', undefined])
    expect(await upload(bytes)).to.equal(importId)
    expect((await report(importId)).status).to.equal('DONE')
  })

  it('what a FAILED import had on the ledger stays there, and only the rest is posted', async () => {
    const bytes = order().replace('PO-2025-00711', 'PO-HALF')
    const importId = await upload(bytes)
    await workOff(importId)
    // As an import looks whose posting failed after its last row was taken.
    const { execute } = gateway.store.database
    await execute(
      `UPDATE import_rows SET verdict = 'ACCEPTED', code = NULL, tx_id = 'kept' WHERE import_id = $1`,
      [importId],
    )
    await execute(`UPDATE imports SET status = 'FAILED' WHERE import_id = $1`, [importId])
    await upload(bytes)
    expect((await report(importId)).status).to.equal('POSTING')
    await workOff(importId)
    expect((await report(importId)).status).to.equal('DONE')
    const { items } = await operator.call('imports.rows', { params: { importId } })
    expect(items.map(row => row.verdict)).to.deep.equal(['ACCEPTED'])
  })

  it('a server that is away costs no attempt', async () => {
    const importId = await upload(order().replace('PO-2025-00711', 'PO-B'))
    await rm(localCopy(importId))
    let away = 8
    const vault = {
      ...gateway.services.vault,
      get(...by: Parameters<typeof gateway.services.vault.get>) {
        if (away-- > 0) throw new VaultFault('VAULT_UNREACHABLE')
        return gateway.services.vault.get(...by)
      },
    }
    const importer = createImporter({ ...gateway.services, vault }, gateway.scratch)
    expect(await workOff(importId, importer)).to.equal(9)
    expect((await report(importId)).status).to.equal('DONE')
  })

  it('a file that took its process down five times is not touched again', async () => {
    const importId = await upload(order().replace('PO-2025-00711', 'PO-C'))
    await gateway.store.database.execute('UPDATE imports SET attempts = 5 WHERE import_id = $1', [
      importId,
    ])
    expect(await workOff(importId)).to.equal(1)
    expect((await report(importId)).code).to.equal('IMPORT_FAILED')
  })

  it('control characters in the names of an archive are shown as such, and stop nothing', async () => {
    const name = 'a\u0000b.csv'
    const bad = zip([[name, `${INVOICE_CSV}\n${invoiceRow({ invoice_number: '\u0001\u0002' })}`]])
    const importId = await upload(bad)
    expect(await workOff(importId)).to.equal(1)
    const { items } = await operator.call('imports.rows', { params: { importId } })
    expect(items.map(row => [row.entry, row.verdict])).to.deep.equal([['a\ufffdb.csv', 'REFUSED']])
    expect(await codeOf(upload(order(), 'a\u0000.xml'))).to.equal('REQUEST_INVALID')
  })

  it('a roster is taken from an operator alone, whatever else a user may do for a member', async () => {
    const renamed = ROSTER.replace(',A,', ',Mallory,')
    const people = [
      { login: 'member.operator', roles: ['operator', 'treasurer'], memberId: CORE },
      { login: 'member.maker', roles: ['maker'], memberId: CORE },
      { login: 'staff.maker', roles: ['maker'] },
    ] as const
    for (const person of people) {
      const client = await gateway.user(person)
      // Bytes of their own: the same file is one import for everybody without a member.
      const importId = await uploadAs(client, `${renamed}\n\n${person.login}`, 'members.csv')
      await workOff(importId)
      const { items } = await client.call('imports.rows', { params: { importId } })
      expect([items[0]?.verdict, items[0]?.code]).to.deep.equal(['REFUSED', 'NOT_YOUR_DOCUMENT'])
      expect((await gateway.services.directory.byId(SELLER))?.name).to.equal('A')
    }
    const importId = await upload(renamed, 'members.csv')
    await workOff(importId)
    expect((await gateway.services.directory.byId(SELLER))?.name).to.equal('Mallory')
  })

  it('however a file is broken, its import ends', async () => {
    const samples = [
      order(),
      invoice(),
      creditNote(),
      camt(),
      `${INVOICE_CSV}\n${invoiceRow()}\n${invoiceRow({ invoice_number: '2' })}`,
      ROSTER,
      zip([
        ['a.xml', order()],
        ['b/../c.csv', `${INVOICE_CSV}\n${invoiceRow()}`],
      ]),
    ].map(content => Buffer.from(content))
    const broken = fc.record({
      sample: fc.constantFrom(...samples),
      edits: fc.array(edit, { minLength: 1, maxLength: 5 }),
    })
    await fc.assert(
      fc.asyncProperty(broken, async ({ sample, edits }) => {
        const content = edits.reduce<Buffer>((bytes, { apply }) => apply(bytes), sample)
        const importId = await upload(content)
        await workOff(importId)
        expect((await report(importId)).status).to.be.oneOf(['DONE', 'REFUSED'])
      }),
      { numRuns: 60 },
    )
    const open = await operator.call('imports.list', { query: { status: 'READING' } })
    expect(open.items).to.deep.equal([])
  })
})

interface Edit {
  apply(bytes: Buffer): Buffer
}

const VICIOUS = [
  '\u0000',
  '\u0001',
  '\ufeff',
  '\ufffe',
  '"',
  '<',
  '&#0;',
  '&#xd800;',
  ']]>',
  '<!DOCTYPE a>',
  '<![CDATA[',
  ',,,,',
  '\r',
  '999999999999999999999',
  '-0',
  '0000-00-00',
  '0000-01-01',
  '\u{1f600}'.repeat(40),
  'PK\u0003\u0004',
]

/** A place in a file as a part of its length, so that one edit fits every file. */
const place = fc.double({ min: 0, max: 1, noNaN: true })
const at = (bytes: Buffer, part: number): number => Math.floor(bytes.length * part)

const edit: fc.Arbitrary<Edit> = fc.oneof(
  place.map(part => ({ apply: (bytes: Buffer) => bytes.subarray(0, at(bytes, part)) })),
  fc.tuple(place, fc.constantFrom(...VICIOUS)).map(([part, text]) => ({
    apply: (bytes: Buffer) => splice(bytes, at(bytes, part), 0, Buffer.from(text)),
  })),
  fc.tuple(place, fc.uint8Array({ minLength: 1, maxLength: 4 })).map(([part, noise]) => ({
    apply: (bytes: Buffer) => splice(bytes, at(bytes, part), noise.length, noise),
  })),
  fc.tuple(place, place).map(([from, to]) => ({
    apply: (bytes: Buffer) =>
      splice(bytes, at(bytes, to), 0, bytes.subarray(at(bytes, from), at(bytes, from) + 300)),
  })),
  fc.constantFrom('utf16le' as const, 'latin1' as const).map(encoding => ({
    apply: (bytes: Buffer) => Buffer.from(`\ufeff${bytes.toString()}`, encoding),
  })),
)

function splice(bytes: Buffer, start: number, drop: number, fresh: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, start), fresh, bytes.subarray(start + drop)])
}
