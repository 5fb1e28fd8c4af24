/**
 * The columns of CSV files. A kind is recognised by its header alone: every required column under one of its
 * names, in any order; columns that are not named here are passed over.
 */
export interface CsvKind {
  readonly format: string
  readonly required: readonly string[]
  readonly optional: readonly string[]
}

/** Column names as accounting software writes them, next to ours. Compared without spaces and case. */
export const COLUMN_NAMES: Readonly<Record<string, readonly string[]>> = {
  order_id: ['订单号', '订单编号', '采购订单号', 'po_number'],
  order_date: ['订单日期', '下单日期'],
  order_line_no: ['订单行号', '采购订单行'],
  line_no: ['行号', '序号', '明细行号'],
  buyer_uscc: ['购方税号', '购方统一社会信用代码', '购买方纳税人识别号', '采购方信用代码'],
  buyer_name: ['购方名称', '购买方名称'],
  seller_uscc: ['销方税号', '销方统一社会信用代码', '销售方纳税人识别号', '供应商信用代码'],
  seller_name: ['销方名称', '销售方名称', '供应商名称'],
  currency: ['币种'],
  item_code: ['物料编码', '商品编码', '货号'],
  description: ['品名', '货物名称', '项目名称', '描述'],
  unit: ['单位', '计量单位'],
  quantity: ['数量', '收货数量', '发货数量'],
  unit_price: ['单价', '不含税单价'],
  tax_rate: ['税率'],
  receipt_id: ['收货单号', '入库单号'],
  receipt_date: ['收货日期', '入库日期'],
  despatch_id: ['发货单号', '送货单号'],
  despatch_date: ['发货日期', '送货日期'],
  waybill: ['运单号'],
  invoice_code: ['发票代码'],
  invoice_number: ['发票号码', '数电票号码'],
  invoice_date: ['开票日期', '发票日期'],
  due_date: ['到期日', '付款到期日'],
  net_amount: ['金额', '不含税金额'],
  tax_amount: ['税额'],
  total_net: ['合计金额', '不含税合计'],
  total_tax: ['合计税额'],
  total_gross: ['价税合计'],
  gross_amount: ['红字价税合计', '冲减金额'],
  credit_note_code: ['红字发票代码'],
  credit_note_number: ['红字发票号码'],
  credit_note_date: ['红字开票日期'],
  reason: ['原因', '红冲原因'],
  member_id: ['成员编号'],
  uscc: ['统一社会信用代码', '信用代码'],
  name: ['名称', '企业名称'],
  role: ['角色'],
  organization: ['机构'],
  tier: ['层级'],
  account: ['账号', '银行账号'],
}

export const CSV_KINDS: readonly CsvKind[] = [
  {
    format: 'csv-invoices',
    required: [
      ...['invoice_number', 'invoice_date', 'seller_uscc', 'buyer_uscc', 'order_id'],
      ...['order_line_no', 'quantity', 'unit_price', 'net_amount', 'tax_rate', 'tax_amount'],
      ...['total_net', 'total_tax', 'total_gross'],
    ],
    optional: ['invoice_code', 'line_no', 'currency', 'due_date', 'seller_name', 'buyer_name'],
  },
  {
    format: 'csv-credit-notes',
    required: [
      ...['credit_note_number', 'credit_note_date', 'seller_uscc', 'buyer_uscc'],
      ...['invoice_number', 'gross_amount'],
    ],
    optional: [
      ...['credit_note_code', 'invoice_code', 'reason', 'net_amount', 'tax_amount', 'currency'],
    ],
  },
  {
    format: 'csv-receipts',
    required: [
      ...['receipt_id', 'receipt_date', 'order_id', 'order_line_no'],
      ...['buyer_uscc', 'seller_uscc', 'quantity'],
    ],
    optional: ['despatch_id'],
  },
  {
    format: 'csv-despatches',
    required: [
      ...['despatch_id', 'despatch_date', 'order_id', 'order_line_no'],
      ...['buyer_uscc', 'seller_uscc', 'quantity'],
    ],
    optional: ['waybill'],
  },
  {
    format: 'csv-orders',
    required: [
      ...['order_id', 'order_date', 'buyer_uscc', 'seller_uscc', 'line_no'],
      ...['quantity', 'unit_price', 'tax_rate'],
    ],
    optional: ['currency', 'item_code', 'description', 'unit'],
  },
  {
    format: 'csv-members',
    required: ['member_id', 'uscc', 'name', 'role', 'organization'],
    optional: ['tier', 'account'],
  },
]

const canonical = (name: string): string =>
  name
    .replace(/^\uFEFF/, '')
    .replace(/[\s_-]/g, '')
    .toLowerCase()

const LOOKUP = new Map(
  Object.entries(COLUMN_NAMES).flatMap(([name, aliases]) =>
    [name, ...aliases].map(alias => [canonical(alias), name] as const),
  ),
)

export interface Header {
  readonly kind: CsvKind
  /** Position of each known column. */
  readonly positions: ReadonlyMap<string, number>
}

/** The kind of a file by its header; the most specific kind whose columns are all there. */
export function recogniseHeader(
  cells: readonly string[],
): Header | { missing: string } | undefined {
  const positions = new Map<string, number>()
  cells.forEach((cell, index) => {
    const name = LOOKUP.get(canonical(cell))
    if (name && !positions.has(name)) positions.set(name, index)
  })
  const kind = CSV_KINDS.find(one => one.required.every(name => positions.has(name)))
  if (kind) return { kind, positions }
  const nearest = CSV_KINDS.map(one => one.required.filter(name => !positions.has(name))).sort(
    (a, b) => a.length - b.length,
  )[0]
  return positions.size >= 4 && nearest ? { missing: nearest[0] ?? '' } : undefined
}
