/** One transfer of a pain.001 message, in the terms of the bank that reads it. */
export interface TransferOrder {
  readonly messageId: string
  readonly endToEndId: string
  readonly debtorAccount: string
  readonly creditorName: string
  readonly creditorUscc: string
  readonly creditorAccount: string
  readonly amountFen: bigint
  readonly executeOn: string
}

const inside = (xml: string, tag: string): string[] =>
  [...xml.matchAll(new RegExp(`<${tag}(?: [^>]*)?>([\\s\\S]*?)</${tag}>`, 'g'))].map(
    m => m[1] ?? '',
  )

const unescape = (text: string): string =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')

const first = (xml: string, ...tags: readonly string[]): string =>
  unescape(tags.reduce((text, tag) => inside(text, tag)[0] ?? '', xml).trim())

function fen(text: string): bigint {
  const parts = /^(\d{1,13})(?:\.(\d{1,2}))?$/.exec(text)
  if (!parts) throw new Error(`not an amount: ${text}`)
  return BigInt((parts[1] ?? '') + (parts[2] ?? '').padEnd(2, '0'))
}

/** Reads a pain.001.001.09 message. Throws, with what is missing, on one this bank cannot execute. */
export function readPain001(xml: string): TransferOrder[] {
  if (/<!DOCTYPE|<!ENTITY/i.test(xml)) throw new Error('document types are not accepted')
  const messageId = first(xml, 'GrpHdr', 'MsgId')
  const orders = inside(xml, 'PmtInf').flatMap(batch => {
    const debtorAccount = first(batch, 'DbtrAcct', 'Othr', 'Id')
    const executeOn = first(batch, 'ReqdExctnDt', 'Dt')
    return inside(batch, 'CdtTrfTxInf').map(transfer => ({
      messageId,
      endToEndId: first(transfer, 'PmtId', 'EndToEndId'),
      debtorAccount,
      creditorName: first(transfer, 'Cdtr', 'Nm'),
      creditorUscc: first(transfer, 'Cdtr', 'OrgId', 'Othr', 'Id'),
      creditorAccount: first(transfer, 'CdtrAcct', 'Othr', 'Id'),
      amountFen: fen(first(transfer, 'Amt', 'InstdAmt')),
      executeOn,
    }))
  })
  const incomplete = orders.find(order => Object.values(order).some(value => value === ''))
  if (messageId === '' || orders.length === 0 || incomplete) throw new Error('incomplete pain.001')
  return orders
}
