/**
 * Every reason a file or a row is refused for, with what to change, in the two languages of the people who
 * prepare such files. Codes are stable; programs switch on them, never on the texts.
 */
export interface Advice {
  readonly zh: string
  readonly en: string
}

const advice = (zh: string, en: string): Advice => ({ zh, en })

export const ADVICE = {
  // the file as a whole
  FILE_EMPTY: advice('文件为空，请重新导出后上传', 'The file is empty; export it again'),
  FILE_FORMAT_UNKNOWN: advice(
    '无法识别文件内容；请使用 UBL 2.1 XML、CSV、camt.053 或其 zip 包',
    'The content is none of UBL 2.1 XML, CSV, camt.053 or a zip of these',
  ),
  FILE_TOO_LARGE: advice('文件超过上限，请拆分后上传', 'The file is over the limit; split it'),
  FILE_TRUNCATED: advice('文件不完整，请重新导出', 'The file ends too early; export it again'),
  SPREADSHEET: advice(
    '请在表格软件中另存为 CSV 后上传',
    'Save the spreadsheet as CSV and upload that',
  ),
  ENCODING_UNKNOWN: advice(
    '文件既不是 UTF-8 也不是 GBK/GB18030，请以 UTF-8 保存',
    'The text is neither UTF-8 nor GBK/GB18030; save it as UTF-8',
  ),
  XML_MALFORMED: advice('XML 格式有误，请修正该行', 'The XML is not well-formed at this line'),
  XML_DTD_REFUSED: advice(
    '不接受 DOCTYPE 与实体声明，请删除',
    'DOCTYPE and entity declarations are refused; remove them',
  ),
  XML_TOO_DEEP: advice('XML 嵌套过深', 'The XML is nested too deeply'),
  XML_TOO_LARGE: advice('单个单据过大，请拆分', 'One document is too large; split it'),
  CSV_MALFORMED: advice('CSV 引号或分隔有误，请修正该行', 'Quotes or separators are wrong here'),
  CSV_HEADER_UNKNOWN: advice(
    '表头无法识别，请使用文档中的列名',
    'The header names no known kind of file; use the documented columns',
  ),
  CSV_COLUMN_MISSING: advice('缺少必需的列', 'A required column is missing'),
  STATEMENT_UNBALANCED: advice(
    '期初余额加减发生额不等于期末余额，请向银行重新下载',
    'Opening balance and entries do not give the closing balance; fetch it from the bank again',
  ),
  STATEMENT_BALANCE_MISSING: advice(
    '对账单缺少期初或期末余额',
    'The statement has no opening or closing balance',
  ),
  ZIP_MALFORMED: advice('压缩包已损坏', 'The archive is damaged'),
  ZIP_BOMB: advice(
    '压缩包解压后过大或文件过多，请拆分',
    'The archive unpacks to too much or too many files; split it',
  ),
  ZIP_ENCRYPTED: advice('请上传未加密的压缩包', 'Upload an archive without a password'),
  ZIP_NESTED: advice('不接受压缩包中的压缩包', 'An archive inside an archive is refused'),
  IMPORT_FAILED: advice(
    '处理文件时多次出错，已通知运营人员；稍后再次上传同一文件即可重试',
    'Reading the file failed again and again; the operator has been told. Upload the same file later to try again',
  ),
  // values of one row
  VALUE_MISSING: advice('必填项为空', 'A required value is empty'),
  VALUE_TOO_LONG: advice('内容过长', 'The value is too long'),
  AMOUNT_FORMAT: advice(
    '金额请写成 1234.56，不带千分位和符号',
    'Write the amount as 1234.56, without separators or signs',
  ),
  AMOUNT_NEGATIVE: advice(
    '金额不能为负；冲减请用红字发票',
    'An amount cannot be negative; use a credit note to reduce',
  ),
  AMOUNT_ZERO: advice('金额必须大于零', 'The amount must be above zero'),
  AMOUNT_PRECISION: advice('金额最多两位小数', 'An amount has at most two decimals'),
  AMOUNT_TOO_LARGE: advice('金额超出范围', 'The amount is out of range'),
  PRICE_PRECISION: advice('单价最多六位小数', 'A price has at most six decimals'),
  QUANTITY_PRECISION: advice('数量最多三位小数', 'A quantity has at most three decimals'),
  QUANTITY_SIGN: advice('此处数量必须大于零', 'The quantity must be above zero here'),
  DATE_FORMAT: advice('日期请写成 2026-03-31', 'Write the date as 2026-03-31'),
  DATE_IN_FUTURE: advice('日期在未来，请更正', 'The date lies in the future'),
  DATES_OUT_OF_ORDER: advice('日期先后矛盾，请更正', 'The dates contradict each other'),
  RATE_FORMAT: advice('税率请写成百分数，如 13', 'Write the tax rate in percent, e.g. 13'),
  CURRENCY_UNSUPPORTED: advice('目前仅支持人民币 CNY', 'Only CNY is supported for now'),
  USCC_CHECK: advice(
    '统一社会信用代码的校验位不正确，请核对',
    'The check character of the credit code is wrong; check the code',
  ),
  LINE_NET_WRONG: advice(
    '行金额不等于数量乘单价（四舍五入到分）',
    'The net amount is not quantity times price, rounded to the cent',
  ),
  LINE_TAX_WRONG: advice(
    '行税额不等于金额乘税率（四舍五入到分）',
    'The tax amount is not net amount times rate, rounded to the cent',
  ),
  TOTALS_DO_NOT_ADD_UP: advice('合计与各行之和不符', 'The totals are not the sums of the lines'),
  LINES_MISSING: advice('单据没有明细行', 'The document has no lines'),
  LINES_TOO_MANY: advice('明细行超过 500 行，请拆分', 'More than 500 lines; split the document'),
  LINE_TWICE: advice('同一行号出现两次', 'The same line number stands twice'),
  HEADER_DIFFERS: advice(
    '同一单据各行的表头信息不一致',
    'The rows of one document differ in its heading',
  ),
  // against what is known
  MEMBER_UNKNOWN: advice(
    '对方不是网络成员，请联系其运营方登记',
    'This firm is no member of the network; ask its operator to enrol it',
  ),
  MEMBER_AMBIGUOUS: advice(
    '该代码对应多个成员，请写明账号',
    'Several members share this code; give the account',
  ),
  MEMBER_NOT_ENROLLED: advice(
    '该成员尚未在本机构开户',
    'This member of the own organisation has not been enrolled',
  ),
  MEMBER_MISMATCH: advice(
    '该成员属于另一机构，请核对编号',
    'This member belongs to another organisation; check its id',
  ),
  NOT_YOUR_DOCUMENT: advice(
    '您只能提交本企业的单据',
    'You may only submit documents of your own firm',
  ),
  WRONG_SIDE: advice(
    '该类单据应由另一方提交',
    'Documents of this kind are submitted by the other party',
  ),
  SAME_ORGANISATION: advice(
    '买卖双方属同一机构，账本不记录',
    'Buyer and seller belong to one organisation; the ledger takes no such trade',
  ),
  DUPLICATE_IN_FILE: advice('文件内重复', 'The same document stands earlier in this file'),
  DUPLICATE_KNOWN: advice('该单据已登记过', 'This document has been recorded before'),
  INVOICE_DUPLICATE: advice('该发票已在网络中登记', 'This invoice is in the network already'),
  RECORD_EXISTS: advice('该记录已在账本上', 'This record is on the ledger already'),
  INVOICE_UNKNOWN: advice(
    '找不到被冲减的发票，请先提交该发票',
    'The invoice it reduces is not known; submit that one first',
  ),
  CREDIT_EXCEEDS_AVAILABLE: advice(
    '冲减金额超过发票可用余额',
    'The credit is larger than what is left of the invoice',
  ),
  DOCUMENT_INCONSISTENT: advice(
    '账本认为单据前后矛盾，请核对明细',
    'The ledger finds lines, totals, dates or signs contradictory',
  ),
  ENTRY_NOT_BOOKED: advice('仅接受已入账的分录', 'Only booked entries are taken'),
  LEDGER_REFUSED: advice('账本拒绝了该记录', 'The ledger refused it; the code says why'),
} as const satisfies Record<string, Advice>

export type ImportCode = keyof typeof ADVICE

export function adviceFor(code: string): Advice {
  return (ADVICE as Record<string, Advice>)[code] ?? ADVICE.LEDGER_REFUSED
}

interface FaultPlace {
  readonly line?: number | undefined
  readonly field?: string | undefined
}

/** One row is refused; the rest of the file goes on. */
export class RowFault extends Error {
  override readonly name = 'RowFault'
  readonly code: ImportCode
  readonly line: number | undefined
  readonly field: string | undefined
  constructor(code: ImportCode, place: FaultPlace = {}) {
    super(code)
    this.code = code
    this.line = place.line
    this.field = place.field
  }
}

/** The file is not what it says it is: refused whole. */
export class FileFault extends Error {
  override readonly name = 'FileFault'
  readonly code: ImportCode
  readonly line: number | undefined
  readonly field: string | undefined
  constructor(code: ImportCode, place: FaultPlace = {}) {
    super(code)
    this.code = code
    this.line = place.line
    this.field = place.field
  }
}
