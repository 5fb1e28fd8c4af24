import { deflateRawSync } from 'node:zlib'

/** A file no honest system sends, and what must become of it. */
export interface BadFile {
  readonly what: string
  readonly fileName: string
  readonly content: () => Uint8Array
  /** REFUSED: the file as a whole. DONE: the file was read, and every row of it refused. */
  readonly verdict: 'REFUSED' | 'DONE'
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

const order = (body: string, prolog = ''): string =>
  `<?xml version="1.0"?>${prolog}<Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2" xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">${body}</Order>`

const ORDER_COLUMNS =
  'order_id,order_date,buyer_uscc,seller_uscc,currency,line_no,item_code,description,unit,quantity,unit_price,tax_rate'

/** A zip of one entry of zeros, a thousand times larger than itself. */
function zipBomb(megabytes: number): Uint8Array {
  const plain = Buffer.alloc(megabytes * 1_048_576)
  const packed = deflateRawSync(plain, { level: 9 })
  const name = Buffer.from('orders.csv')
  const local = Buffer.alloc(30)
  local.writeUInt32LE(0x04034b50, 0)
  local.writeUInt16LE(20, 4)
  local.writeUInt16LE(8, 8)
  local.writeUInt32LE(packed.length, 18)
  local.writeUInt32LE(plain.length, 22)
  local.writeUInt16LE(name.length, 26)
  const central = Buffer.alloc(46)
  central.writeUInt32LE(0x02014b50, 0)
  central.writeUInt16LE(20, 4)
  central.writeUInt16LE(20, 6)
  central.writeUInt16LE(8, 10)
  central.writeUInt32LE(packed.length, 20)
  central.writeUInt32LE(plain.length, 24)
  central.writeUInt16LE(name.length, 28)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(1, 8)
  end.writeUInt16LE(1, 10)
  end.writeUInt32LE(central.length + name.length, 12)
  end.writeUInt32LE(local.length + name.length + packed.length, 16)
  return Buffer.concat([local, name, packed, central, name, end])
}

const unbalanced = `<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>X</MsgId></GrpHdr><Stmt><Id>X-1</Id><Acct><Id><Othr><Id>62170001</Id></Othr></Id><Ccy>CNY</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">100.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-01-01</Dt></Dt></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="CNY">50.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-01-31</Dt></Dt></Bal>
<Ntry><NtryRef>1</NtryRef><Amt Ccy="CNY">49.99</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-01-15</Dt></BookgDt><ValDt><Dt>2026-01-15</Dt></ValDt></Ntry></Stmt></BkToCstmrStmt></Document>`

const row = (fields: string): Uint8Array => bytes(`${ORDER_COLUMNS}\r\n${fields}\r\n`)

export function badFiles(): BadFile[] {
  const refused = (what: string, fileName: string, content: () => Uint8Array): BadFile => ({
    what,
    fileName,
    content,
    verdict: 'REFUSED',
  })
  const judged = (what: string, content: () => Uint8Array): BadFile => ({
    what,
    fileName: `${what.replaceAll(' ', '-')}.csv`,
    content,
    verdict: 'DONE',
  })
  const entities = Array.from(
    { length: 9 },
    (_, level) => `<!ENTITY e${level + 1} "${`&e${level};`.repeat(10)}">`,
  )
  return [
    refused('truncated XML', 'cut.xml', () => bytes(order('<cbc:ID>PO-1</cbc:ID>').slice(0, -20))),
    refused('an external entity', 'xxe.xml', () =>
      bytes(
        order('<cbc:ID>&x;</cbc:ID>', '<!DOCTYPE Order [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
      ),
    ),
    refused('an entity bomb', 'bomb.xml', () =>
      bytes(
        order('<cbc:ID>&e9;</cbc:ID>', `<!DOCTYPE Order [<!ENTITY e0 "lol">${entities.join('')}]>`),
      ),
    ),
    refused('a zip bomb', 'bomb.zip', () => zipBomb(300)),
    refused('a picture called CSV', 'picture.csv', () =>
      Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13),
    ),
    refused('an empty file', 'empty.csv', () => new Uint8Array()),
    refused('unknown columns', 'columns.csv', () => bytes('a,b,c\r\n1,2,3\r\n')),
    refused('balances that do not add up', 'statement.xml', () => bytes(unbalanced)),
    judged('a negative price', () => row('PO-BAD-1,2026-03-01,X,Y,CNY,10,I,D,C62,10,-1.00,13')),
    judged('an over-precise price', () =>
      row('PO-BAD-2,2026-03-01,X,Y,CNY,10,I,D,C62,10,1.00001,13'),
    ),
    judged('a wrong check character', () =>
      row('PO-BAD-3,2026-03-01,91310115MA1234567A,91310115MA1234567B,CNY,10,I,D,C62,10,1.00,13'),
    ),
    judged('a day that does not exist', () =>
      row('PO-BAD-4,2026-02-30,X,Y,CNY,10,I,D,C62,10,1.00,13'),
    ),
  ]
}
