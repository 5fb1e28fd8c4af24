import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect } from 'chai'
import iconv from 'iconv-lite'
import { FileFault } from '../advice.ts'
import type { Reading } from '../drafts.ts'
import { camt, creditNote, invoice, INVOICE_CSV, invoiceRow, order, zip } from './samples.ts'
import { openFile } from './open.ts'

const scratch = mkdtempSync(path.join(os.tmpdir(), 'readers-'))
let serial = 0

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
/** Bytes that something still holds on to; how much garbage lies about besides is V8's own choice. */
function heldBytes(): number {
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

function save(content: string | Uint8Array, name = 'file'): string {
  const file = path.join(scratch, `${serial++}-${name}`)
  writeFileSync(file, content)
  return file
}

async function read(content: string | Uint8Array, name?: string) {
  const shape = await openFile(save(content, name), scratch)
  const readings: Reading[] = []
  for await (const reading of shape.readings) readings.push(reading)
  return { format: shape.format, encoding: shape.encoding, readings }
}

/** The code a whole file is refused with. */
async function refusal(content: string | Uint8Array): Promise<string> {
  try {
    await read(content)
  } catch (error) {
    if (error instanceof FileFault) return error.code
    throw error
  }
  return 'accepted'
}

const faults = (readings: readonly Reading[]) =>
  readings.map(({ fault }) => (fault ? `${fault.code}@${fault.line}` : 'ok'))

describe('files of a stranger', () => {
  after(() => rmSync(scratch, { recursive: true, force: true }))

  it('are known by their content, whatever their name says', async () => {
    expect((await read(invoice(), 'orders.csv')).format).to.equal('ubl-invoice')
    expect((await read(order(), 'x.pdf')).format).to.equal('ubl-order')
    expect((await read(camt(), 'statement.txt')).format).to.equal('camt.053')
    expect((await read(`${INVOICE_CSV}\n${invoiceRow()}`, 'a.xml')).format).to.equal('csv-invoices')
  })

  it('a UBL invoice gives exact values', async () => {
    const [reading] = (await read(invoice())).readings
    expect(reading?.fault).to.equal(undefined)
    expect(reading?.draft).to.include({
      kind: 'INVOICE',
      number: '71177298',
      code: '031001589354',
      netFen: 259_200n,
      totalFen: 292_896n,
    })
  })

  it('a credit note names the invoice it reduces', async () => {
    const [reading] = (await read(creditNote())).readings
    expect(reading?.draft).to.include({ kind: 'CREDIT_NOTE', invoiceNumber: '71177298' })
  })

  it('XML that breaks off is refused whole', async () => {
    const text = invoice()
    expect(await refusal(text.slice(0, text.length / 2))).to.equal('XML_MALFORMED')
    expect(await refusal(camt().slice(0, -200))).to.equal('XML_MALFORMED')
  })

  it('an external entity is refused where the DOCTYPE begins', async () => {
    const text = invoice().replace(
      '?>',
      '?><!DOCTYPE Invoice [<!ENTITY secret SYSTEM "file:///etc/passwd">]>',
    )
    expect(await refusal(text)).to.equal('XML_DTD_REFUSED')
  })

  it('an entity bomb is refused before anything is expanded', async () => {
    const bomb = `<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
      <!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><b>&c;</b>`
    expect(await refusal(bomb)).to.equal('XML_DTD_REFUSED')
    expect(await refusal(invoice().replace('71177298', '&undeclared;'))).to.equal('XML_MALFORMED')
  })

  it('XML that is nested too deeply or one endless text is refused', async () => {
    const deep = `<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2">${'<a>'.repeat(100)}`
    expect(await refusal(deep)).to.equal('XML_TOO_DEEP')
    expect(await refusal(invoice().replace('71177298', 'x'.repeat(30_000)))).to.equal(
      'XML_TOO_LARGE',
    )
  })

  it('a text, comment or attribute without end is refused in constant memory', async function () {
    this.timeout(120_000)
    const [head = '', tail = ''] = invoice().split('71177298')
    const endless = async (opening: string, closing: string): Promise<number> => {
      const file = path.join(scratch, `endless-${serial++}.xml`)
      const handle = await open(file, 'w')
      await handle.write(head + opening)
      const block = 'x'.repeat(1024 * 1024)
      for (let i = 0; i < 64; i++) await handle.write(block)
      await handle.write(closing + tail)
      await handle.close()
      const before = heldBytes()
      let most = before
      let timer: NodeJS.Timeout | undefined
      // On a busy machine a look, which collects all garbage, takes longer than any fixed pause: reading would starve.
      const look = (): void => {
        const beganMs = performance.now()
        most = Math.max(most, heldBytes())
        timer = setTimeout(look, Math.max(80, 3 * (performance.now() - beganMs)))
      }
      timer = setTimeout(look, 80)
      try {
        const shape = await openFile(file, scratch)
        for await (const reading of shape.readings) void reading
      } catch (error) {
        expect(error).to.be.instanceOf(FileFault).and.have.property('code', 'XML_TOO_LARGE')
        return most - before
      } finally {
        clearTimeout(timer)
      }
      throw new Error('accepted')
    }
    const forms = [
      ['', ''],
      ['<!--', '-->'],
      ['<a b="', '"/>'],
      ['<![CDATA[', ']]>'],
    ] as const
    for (const [opening, closing] of forms)
      expect(await endless(opening, closing)).to.be.lessThan(16 * 1024 * 1024)
  })

  it('UTF-16 that is none, and NUL in any encoding, is refused', async () => {
    const marked = (text: string): Buffer => Buffer.from(`\ufeff${text}`, 'utf16le')
    const half = marked(`${INVOICE_CSV}\n${invoiceRow({ unit: '\ud800' })}`)
    expect(await refusal(half)).to.equal('ENCODING_UNKNOWN')
    const holed = marked(`${INVOICE_CSV}\n${invoiceRow({ unit: '\u0000' })}`)
    expect(await refusal(holed)).to.equal('FILE_FORMAT_UNKNOWN')
    expect(await refusal(`${INVOICE_CSV}\n${invoiceRow({ unit: '\u0000' })}`)).to.equal(
      'FILE_FORMAT_UNKNOWN',
    )
  })

  it('XML of another vocabulary is refused', async () => {
    expect(await refusal('<html><body/></html>')).to.equal('FILE_FORMAT_UNKNOWN')
    expect(await refusal(invoice().replaceAll('Invoice-2', 'Catalogue-2'))).to.equal(
      'FILE_FORMAT_UNKNOWN',
    )
  })

  it('a GBK file is detected and its Chinese text kept', async () => {
    const text = `${INVOICE_CSV}\n${invoiceRow({ seller_name: '南通恒鑫电子有限公司' })}\n`
    const { encoding, readings } = await read(iconv.encode(text, 'gbk'))
    expect(encoding).to.equal('gb18030')
    expect(faults(readings)).to.deep.equal(['ok'])
  })

  it('a file with a byte order mark and Chinese headers is read', async () => {
    const text = `\uFEFF收货单号,收货日期,订单号,订单行号,购方税号,销方税号,数量\r\nGR-1,2026-01-09,PO-1,10,91440304MA3476801A,91330106MA3385838Q,-3\r\n`
    const { format, readings } = await read(text)
    expect(format).to.equal('csv-receipts')
    expect(readings[0]?.draft).to.include({ kind: 'RECEIPT', number: 'GR-1' })
  })

  it('bytes that are no text in any known encoding are refused', async () => {
    expect(await refusal(Buffer.from([0x41, 0xff, 0xff, 0x2c, 0x81, 0x20]))).to.equal(
      'ENCODING_UNKNOWN',
    )
    expect(await refusal(Buffer.from('%PDF-1.7\u0000\u0001'))).to.equal('FILE_FORMAT_UNKNOWN')
    expect(await refusal('')).to.equal('FILE_EMPTY')
  })

  it('a header that names nothing, or not enough, is refused with the column that is missing', async () => {
    expect(await refusal('a,b,c\n1,2,3\n')).to.equal('CSV_HEADER_UNKNOWN')
    expect(await refusal(INVOICE_CSV.replace('total_gross', 'sum'))).to.equal('CSV_COLUMN_MISSING')
  })

  it('each row is judged on its own: good rows go on, a bad one says line and code', async () => {
    const rows = [
      invoiceRow({ invoice_number: '1' }),
      invoiceRow({ invoice_number: '2', net_amount: '-5863.00' }),
      invoiceRow({ invoice_number: '3', net_amount: '5863.001' }),
      invoiceRow({ invoice_number: '4', seller_uscc: '91110108MA5749893C' }),
      invoiceRow({ invoice_number: '5', total_gross: '6725.19' }),
      invoiceRow({ invoice_number: '6', tax_amount: '762.20', total_tax: '762.20' }),
      invoiceRow({ invoice_number: '7', invoice_date: '2026-02-30' }),
      invoiceRow({ invoice_number: '8', currency: 'USD' }),
      invoiceRow({ invoice_number: '9', quantity: '0' }),
      invoiceRow({ invoice_number: '10', due_date: '2025-01-01' }),
      invoiceRow({ invoice_number: '11' }),
    ]
    const { readings } = await read([INVOICE_CSV, ...rows].join('\n'))
    expect(faults(readings)).to.deep.equal([
      'ok',
      'AMOUNT_NEGATIVE@3',
      'AMOUNT_PRECISION@4',
      'USCC_CHECK@5',
      'TOTALS_DO_NOT_ADD_UP@6',
      'LINE_TAX_WRONG@7',
      'DATE_FORMAT@8',
      'CURRENCY_UNSUPPORTED@9',
      'QUANTITY_SIGN@10',
      'DATES_OUT_OF_ORDER@11',
      'ok',
    ])
  })

  it('rows of one document that disagree about its heading refuse that document alone', async () => {
    const rows = [
      invoiceRow({ line_no: '1' }),
      invoiceRow({ line_no: '2', invoice_date: '2026-01-02' }),
      invoiceRow({ invoice_number: '99' }),
    ]
    const { readings } = await read([INVOICE_CSV, ...rows].join('\n'))
    expect(faults(readings)).to.deep.equal(['HEADER_DIFFERS@3', 'ok'])
  })

  it('broken quotes refuse the file with the line', async () => {
    expect(await refusal(`${INVOICE_CSV}\n"open,1,2\n3`)).to.equal('CSV_MALFORMED')
  })

  it('a statement gives its entries with what the payer wrote', async () => {
    const { readings } = await read(camt())
    expect(readings).to.have.length(2)
    expect(readings[1]?.draft).to.deep.include({
      direction: 'DEBIT',
      amountFen: 50_000n,
      endToEndId: 'PAY-1',
      remittance: [{ invoiceNumber: '71177298', amountFen: 50_000n, reason: 'DISCOUNT' }],
    })
  })

  it('a statement whose balances do not add up, or are missing, is refused whole', async () => {
    expect(await refusal(camt({ closing: '1300.01' }))).to.equal('STATEMENT_UNBALANCED')
    expect(await refusal(camt().replace('CLBD', 'ITBD'))).to.equal('STATEMENT_BALANCE_MISSING')
  })

  it('files in an archive are judged one by one; a bad one refuses only itself', async () => {
    const { format, readings } = await read(
      zip([
        ['good.xml', invoice()],
        ['bad.xml', invoice().slice(0, 900)],
        ['rows.csv', `${INVOICE_CSV}\n${invoiceRow()}`],
      ]),
    )
    expect(format).to.equal('zip')
    expect(readings.map(r => [r.entry, r.fault?.code ?? 'ok'])).to.deep.equal([
      ['good.xml', 'ok'],
      ['bad.xml', 'XML_MALFORMED'],
      ['rows.csv', 'ok'],
    ])
  })

  it('a zip bomb, an archive in an archive and a torn archive are refused', async () => {
    const bomb = zip([['zeros.csv', Buffer.alloc(64 * 1024 * 1024)]])
    expect(bomb.length).to.be.lessThan(200_000)
    expect(await refusal(bomb)).to.equal('ZIP_BOMB')
    expect(await refusal(zip([['inner.zip', zip([['a.xml', invoice()]])]]))).to.equal('ZIP_NESTED')
    const whole = zip([['a.xml', invoice()]])
    expect(await refusal(whole.subarray(0, whole.length - 40))).to.equal('ZIP_MALFORMED')
    expect(await refusal(zip([['[Content_Types].xml', '<Types/>']]))).to.equal('SPREADSHEET')
  })

  it('an archive that lies about its sizes is stopped by what really comes out', async () => {
    const lying = zip([['zeros.csv', Buffer.alloc(64 * 1024 * 1024)]], { claimBytes: 1_000 })
    expect(await refusal(lying)).to.be.oneOf(['ZIP_BOMB', 'ZIP_MALFORMED'])
  })

  it('a file of 100 MB is read in constant memory', async function () {
    this.timeout(120_000)
    const file = path.join(scratch, 'huge.csv')
    const handle = await open(file, 'w')
    await handle.write(`${INVOICE_CSV}\n`)
    const description = 'x'.repeat(4_000)
    const block = Array.from({ length: 1_000 }, (_, i) =>
      invoiceRow({ invoice_number: `n${i}`, description }),
    ).join('\n')
    const times = Math.ceil((100 * 1024 * 1024) / block.length)
    for (let i = 0; i < times; i++) await handle.write(`${block}\n`)
    await handle.close()
    const shape = await openFile(file, scratch)
    const before = heldBytes()
    let rows = 0
    let most = before
    for await (const reading of shape.readings) {
      if (reading.draft) rows++
      if (rows % 1_000 === 0) most = Math.max(most, heldBytes())
    }
    expect(rows).to.equal(times * 1_000)
    expect(most - before).to.be.lessThan(16 * 1024 * 1024)
  })
})
