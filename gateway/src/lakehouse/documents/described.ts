/**
 * Documents for analysts: what is known of each, and not its text. In a text stand names, accounts and addresses that
 * are masked everywhere else; whoever needs the text asks for the document.
 */
import type { Described, DescribedColumn } from '../analysis/described.ts'
import { LAKE } from '../names.ts'
import { DOCUMENT_TABLE } from './tables.ts'

type Known = Exclude<keyof typeof DOCUMENT_TABLE.columns, 'text'>

const KNOWN: Readonly<Record<Known, Omit<DescribedColumn, 'type'>>> = {
  number: { is: ['PLAIN', 'QUASI'], words: { zh: '到达次序', en: 'order of arrival' } },
  id: { is: ['PLAIN', 'QUASI'], words: { zh: '文件编号', en: 'document' } },
  cid: { is: ['PLAIN', 'QUASI'], words: { zh: '密文地址', en: 'CID of the encrypted file' } },
  kind: { is: ['PLAIN'], words: { zh: '文件类型', en: 'kind of file' } },
  // Whoever names a file writes what they like.
  name: { is: ['TEXT'], words: { zh: '文件名', en: 'name of the file' } },
  member: { is: ['NAME', 'QUASI', 'SUBJECT'], words: { zh: '成员', en: 'member' } },
  at: { is: ['PLAIN', 'QUASI'], words: { zh: '上传时间', en: 'brought at' } },
  words: { is: ['PLAIN'], words: { zh: '词数', en: 'words in the text' } },
  code: { is: ['PLAIN'], words: { zh: '无文本的原因', en: 'why there is no text' } },
  warnings: { is: ['PLAIN'], words: { zh: '提示', en: 'what was left out or looked odd' } },
}

const columns = Object.fromEntries(
  Object.entries(KNOWN).map(([name, known]): [string, DescribedColumn] => [
    name,
    { ...known, type: DOCUMENT_TABLE.columns[name as Known] },
  ]),
)

export const DESCRIBED_DOCUMENTS: Described = {
  name: 'silver.documents',
  words: { zh: '文件', en: 'Documents' },
  columns,
  key: ['number'],
  asked: `SELECT ${Object.keys(KNOWN)
    .map(name => `"${name}"`)
    .join(', ')} FROM ${LAKE}.bronze.${DOCUMENT_TABLE.name}`,
  rows: { MEMBER: { member: ['member'] }, CORE: 'ALL', BANK: 'ALL', REGULATOR: 'ALL' },
}
