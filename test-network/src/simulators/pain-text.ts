import { yuan } from '../generator/index.ts'
import { element, xmlText } from '../generator/xml.ts'
import type { TransferOrder } from './pain.ts'

/** A pain.001.001.09 message with the transfers, each a payment block of its own. */
export function painText(messageId: string, orders: readonly TransferOrder[]): string {
  const batches = orders.map(order =>
    element(
      'PmtInf',
      element('PmtInfId', order.endToEndId),
      element('PmtMtd', 'TRF'),
      element('ReqdExctnDt', element('Dt', order.executeOn)),
      element('DbtrAcct', element('Id', element('Othr', element('Id', order.debtorAccount)))),
      element(
        'CdtTrfTxInf',
        element('PmtId', element('EndToEndId', order.endToEndId)),
        element('Amt', element('InstdAmt Ccy="CNY"', yuan(order.amountFen))),
        element(
          'Cdtr',
          element('Nm', order.creditorName),
          element('Id', element('OrgId', element('Othr', element('Id', order.creditorUscc)))),
        ),
        element('CdtrAcct', element('Id', element('Othr', element('Id', order.creditorAccount)))),
      ),
    ),
  )
  return xmlText(
    element(
      'Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"',
      element(
        'CstmrCdtTrfInitn',
        element('GrpHdr', element('MsgId', messageId), element('NbOfTxs', String(orders.length))),
        ...batches,
      ),
    ),
  )
}
