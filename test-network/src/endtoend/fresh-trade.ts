import { percentOf, yuan } from '../generator/money.ts'
import { importFile } from '../pilot/steps/imports.ts'
import type { Stage } from '../pilot/stage.ts'
import type { TestNetwork } from './harness.ts'

/** One order, received and invoiced exactly, handed in like any other: work for people at a portal. */
export async function importFreshTrade(test: TestNetwork, serial: string): Promise<string> {
  const { firms, plan } = test.world
  const [buyer, seller] = [firms.core, firms.suppliers[0]]
  if (!seller) throw new Error('no supplier')
  const stage = { actors: test.actors } as Stage
  const day = plan.last
  const number = `9${serial.padStart(19, '0')}`
  const net = 100n * 1_280n
  const tax = percentOf(net, 13n)
  const item = 'FST-0812,螺栓,C62,100,12.80'
  const sides = `${seller.uscc},${seller.name},${buyer.uscc},${buyer.name}`
  const total = `${yuan(net)},${yuan(tax)},${yuan(net + tax)}`
  const files = [
    [
      'core',
      'order_id,order_date,buyer_uscc,seller_uscc,currency,line_no,item_code,description,unit,quantity,unit_price,tax_rate',
      `PO-F${serial},${day},${buyer.uscc},${seller.uscc},CNY,10,${item},13`,
    ],
    [
      'core',
      'receipt_id,receipt_date,order_id,order_line_no,despatch_id,buyer_uscc,seller_uscc,item_code,quantity',
      `GR-F${serial},${day},PO-F${serial},10,DN-F${serial},${buyer.uscc},${seller.uscc},FST-0812,100`,
    ],
    [
      'alliance',
      'invoice_code,invoice_number,invoice_date,seller_uscc,seller_name,buyer_uscc,buyer_name,currency,line_no,order_id,order_line_no,item_code,description,unit,quantity,unit_price,net_amount,tax_rate,tax_amount,total_net,total_tax,total_gross',
      `,${number},${day},${sides},CNY,1,PO-F${serial},10,${item},${yuan(net)},13,${yuan(tax)},${total}`,
    ],
  ] as const
  for (const [key, header, row] of files) {
    const content = new TextEncoder().encode(`${header}\r\n${row}\r\n`)
    const report = await importFile(stage, key, `fresh-${serial}.csv`, content)
    if (report.rows.accepted !== 1) throw new Error(`fresh trade: ${JSON.stringify(report)}`)
  }
  return number
}
