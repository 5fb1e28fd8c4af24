/** Small files for tests: each good, and easy to spoil in one place. */
import { deflateRawSync, crc32 } from 'node:zlib'

const HEAD = {
  order: 'Order',
  invoice: 'Invoice',
  credit: 'CreditNote',
} as const

function root(name: string, body: string): string {
  const ubl = 'urn:oasis:names:specification:ubl:schema:xsd'
  return `<?xml version="1.0" encoding="UTF-8"?>
<${name} xmlns="${ubl}:${name}-2" xmlns:cac="${ubl}:CommonAggregateComponents-2" xmlns:cbc="${ubl}:CommonBasicComponents-2">
${body}
</${name}>
`
}

const party = (role: string, code: string): string =>
  `<cac:${role}><cac:Party><cac:PartyLegalEntity><cbc:CompanyID>${code}</cbc:CompanyID></cac:PartyLegalEntity></cac:Party></cac:${role}>`

const SELLER = '91330106MA3385838Q'
const BUYER = '91440304MA3476801A'

export function invoice(): string {
  return root(
    HEAD.invoice,
    `<cbc:ID>71177298</cbc:ID>
<cbc:IssueDate>2025-11-24</cbc:IssueDate>
<cbc:DocumentCurrencyCode>CNY</cbc:DocumentCurrencyCode>
<cac:OrderReference><cbc:ID>PO-2025-00711</cbc:ID></cac:OrderReference>
<cac:AdditionalDocumentReference><cbc:ID>031001589354</cbc:ID><cbc:DocumentTypeCode>CN-INVOICE-CODE</cbc:DocumentTypeCode></cac:AdditionalDocumentReference>
${party('AccountingSupplierParty', SELLER)}
${party('AccountingCustomerParty', BUYER)}
<cac:TaxTotal><cbc:TaxAmount currencyID="CNY">336.96</cbc:TaxAmount></cac:TaxTotal>
<cac:LegalMonetaryTotal><cbc:TaxExclusiveAmount>2592.00</cbc:TaxExclusiveAmount><cbc:PayableAmount>2928.96</cbc:PayableAmount></cac:LegalMonetaryTotal>
<cac:InvoiceLine><cbc:ID>1</cbc:ID><cbc:InvoicedQuantity>270</cbc:InvoicedQuantity><cbc:LineExtensionAmount>2592.00</cbc:LineExtensionAmount>
<cac:OrderLineReference><cbc:LineID>10</cbc:LineID></cac:OrderLineReference>
<cac:TaxTotal><cbc:TaxAmount>336.96</cbc:TaxAmount></cac:TaxTotal>
<cac:Item><cac:ClassifiedTaxCategory><cbc:Percent>13</cbc:Percent></cac:ClassifiedTaxCategory></cac:Item>
<cac:Price><cbc:PriceAmount>9.60</cbc:PriceAmount></cac:Price></cac:InvoiceLine>`,
  )
}

export function order(): string {
  return root(
    HEAD.order,
    `<cbc:ID>PO-2025-00711</cbc:ID><cbc:IssueDate>2025-10-01</cbc:IssueDate><cbc:DocumentCurrencyCode>CNY</cbc:DocumentCurrencyCode>
${party('BuyerCustomerParty', BUYER)}${party('SellerSupplierParty', SELLER)}
<cac:OrderLine><cac:LineItem><cbc:ID>10</cbc:ID><cbc:Quantity>270</cbc:Quantity><cac:Price><cbc:PriceAmount>9.60</cbc:PriceAmount></cac:Price>
<cac:Item><cac:ClassifiedTaxCategory><cbc:Percent>13</cbc:Percent></cac:ClassifiedTaxCategory></cac:Item></cac:LineItem></cac:OrderLine>`,
  )
}

export function creditNote(): string {
  return root(
    HEAD.credit,
    `<cbc:ID>03100063</cbc:ID><cbc:IssueDate>2025-12-01</cbc:IssueDate><cbc:DocumentCurrencyCode>CNY</cbc:DocumentCurrencyCode>
<cac:BillingReference><cac:InvoiceDocumentReference><cbc:ID>71177298</cbc:ID></cac:InvoiceDocumentReference></cac:BillingReference>
${party('AccountingSupplierParty', SELLER)}${party('AccountingCustomerParty', BUYER)}
<cac:LegalMonetaryTotal><cbc:PayableAmount>100.00</cbc:PayableAmount></cac:LegalMonetaryTotal>`,
  )
}

export const INVOICE_CSV =
  'invoice_code,invoice_number,invoice_date,seller_uscc,seller_name,buyer_uscc,buyer_name,currency,line_no,order_id,order_line_no,item_code,description,unit,quantity,unit_price,net_amount,tax_rate,tax_amount,total_net,total_tax,total_gross,due_date'

const ROW: Readonly<Record<string, string>> = {
  invoice_code: '031002593182',
  invoice_number: '00141067',
  invoice_date: '2025-12-28',
  seller_uscc: '91110108MA5749893B',
  buyer_uscc: BUYER,
  currency: 'CNY',
  line_no: '1',
  order_id: 'PO-2025-00466',
  order_line_no: '10',
  quantity: '410',
  unit_price: '14.30',
  net_amount: '5863.00',
  tax_rate: '13',
  tax_amount: '762.19',
  total_net: '5863.00',
  total_tax: '762.19',
  total_gross: '6625.19',
}

export function invoiceRow(change: Readonly<Record<string, string>> = {}): string {
  const row: Readonly<Record<string, string>> = { ...ROW, ...change }
  return INVOICE_CSV.split(',')
    .map(name => row[name] ?? '')
    .join(',')
}

export function camt(change: { closing?: string } = {}): string {
  const balance = (code: string, amount: string): string =>
    `<Bal><Tp><CdOrPrtry><Cd>${code}</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">${amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>`
  const entry = (ref: string, amount: string, direction: string, details: string): string =>
    `<Ntry><NtryRef>${ref}</NtryRef><Amt Ccy="CNY">${amount}</Amt><CdtDbtInd>${direction}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<BookgDt><Dt>2025-12-01</Dt></BookgDt><AcctSvcrRef>${ref}</AcctSvcrRef><NtryDtls><TxDtls>${details}</TxDtls></NtryDtls></Ntry>`
  return `<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt><Id>S-1</Id>
<Acct><Id><Othr><Id>6217</Id></Othr></Id><Ownr><Id><OrgId><Othr><Id>${BUYER}</Id></Othr></OrgId></Id></Ownr></Acct>
${balance('OPBD', '1000.00')}${balance('CLBD', change.closing ?? '1300.00')}
${entry('R1', '800.00', 'CRDT', '<Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>')}
${entry(
  'R2',
  '500.00',
  'DBIT',
  `<Refs><EndToEndId>PAY-1</EndToEndId></Refs><RltdPties><Cdtr><Pty><Nm>X</Nm><Id><OrgId><Othr><Id>${SELLER}</Id></Othr></OrgId></Id></Pty></Cdtr></RltdPties>
<RmtInf><Strd><RfrdDocInf><Nb>71177298</Nb></RfrdDocInf><RfrdDocAmt><RmtdAmt Ccy="CNY">500.00</RmtdAmt></RfrdDocAmt><AddtlRmtInf>DISCOUNT</AddtlRmtInf></Strd></RmtInf>`,
)}
</Stmt></BkToCstmrStmt></Document>
`
}

/** A zip archive, written by hand so that it can also lie about its sizes. */
export function zip(
  files: readonly (readonly [string, string | Uint8Array])[],
  options: { claimBytes?: number } = {},
): Buffer {
  const locals: Buffer[] = []
  const central: Buffer[] = []
  let offset = 0
  for (const [name, content] of files) {
    const plain = Buffer.from(content)
    const packed = deflateRawSync(plain)
    const size = options.claimBytes ?? plain.length
    const shared = Buffer.alloc(22)
    shared.writeUInt16LE(8, 4)
    shared.writeUInt32LE(checksum(plain), 10)
    shared.writeUInt32LE(packed.length, 14)
    shared.writeUInt32LE(size, 18)
    const lengths = Buffer.alloc(4)
    lengths.writeUInt16LE(Buffer.byteLength(name))
    const head = shared.subarray(0, 22)
    const local = Buffer.concat([
      Buffer.from('PK\u0003\u0004', 'latin1'),
      Buffer.from([20, 0]),
      head.subarray(2),
      lengths,
      Buffer.from(name),
      packed,
    ])
    locals.push(local)
    const place = Buffer.alloc(14)
    place.writeUInt32LE(offset, 10)
    central.push(
      Buffer.concat([
        Buffer.from('PK\u0001\u0002', 'latin1'),
        Buffer.from([20, 0, 20, 0]),
        head.subarray(2),
        lengths,
        place,
        Buffer.from(name),
      ]),
    )
    offset += local.length
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(22)
  end.write('PK\u0005\u0006', 0, 'latin1')
  end.writeUInt16LE(files.length, 8)
  end.writeUInt16LE(files.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...locals, directory, end])
}

const checksum = (bytes: Uint8Array): number => {
  if (typeof crc32 === 'function') return crc32(bytes)
  let crc = ~0
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1))
  }
  return ~crc >>> 0
}
