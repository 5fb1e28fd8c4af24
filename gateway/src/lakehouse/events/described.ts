/**
 * What analysts may ask of the events of this gateway. A user, a session and what somebody opened are pseudonyms for
 * every one of them; a firm is masked as it is in the tables of the ledger.
 */
import type { ColumnClass, Described, DescribedColumn, Words } from '../analysis/described.ts'
import { SILVER_EVENTS } from './tables.ts'

const OPEN: ColumnClass = ['PLAIN']
const KNOWN: ColumnClass = ['PLAIN', 'QUASI']
const USER: ColumnClass = ['USER', 'QUASI']

/** By name of the column, which means the same in every table. */
const COLUMNS: Readonly<Record<string, readonly [is: ColumnClass, zh: string, en: string]>> = {
  xid: [KNOWN, '事务号', 'Transaction of the database'],
  number: [KNOWN, '事件号', 'Number of the event'],
  at: [KNOWN, '发生时间', 'Happened at'],
  arrived_at: [KNOWN, '到达时间', 'Arrived at'],
  received_at: [KNOWN, '接收时间', 'Received at'],
  user_id: [USER, '用户', 'User'],
  session: [USER, '会话', 'Session'],
  // The id of an invoice, but of a user or a member as well.
  object_id: [USER, '对象', 'What it was about'],
  member_id: [['NAME', 'QUASI'], '成员', 'Member'],
  uscc: [['ID_NUMBER', 'QUASI'], '统一社会信用代码', 'Unified social credit code'],
  text: [['TEXT'], '意见', 'What was said'],
  operation_id: [KNOWN, '操作编号', 'Operation'],
  import_id: [KNOWN, '导入编号', 'Import'],
  tx_id: [KNOWN, '交易号', 'Transaction of the ledger'],
  event_id: [KNOWN, '行为编号', 'Event of the portal'],
  msp_id: [KNOWN, '组织', 'Organisation'],
  block: [KNOWN, '区块', 'Block'],
  kind: [OPEN, '类型', 'Kind'],
  status: [OPEN, '状态', 'Status'],
  code: [OPEN, '错误代码', 'Code of the refusal'],
  created_at: [KNOWN, '创建时间', 'Begun at'],
  finished_at: [KNOWN, '完成时间', 'Finished at'],
  items: [OPEN, '条目数', 'Items'],
  refused: [OPEN, '被拒数', 'Refused'],
  step: [OPEN, '步骤', 'Step'],
  validation_code: [OPEN, '校验代码', 'Validation code'],
  attempt: [OPEN, '尝试次数', 'Attempt'],
  stored_at: [KNOWN, '存入时间', 'Stored at'],
  ended_at: [KNOWN, '结束时间', 'Answer known at'],
  is_history: [OPEN, '补报', 'Told afterwards'],
  format: [OPEN, '格式', 'Format'],
  encoding: [OPEN, '编码', 'Encoding'],
  rows: [OPEN, '行数', 'Rows'],
  accepted: [OPEN, '接受数', 'Accepted'],
  duplicates: [OPEN, '重复数', 'Duplicates'],
  duration_ms: [OPEN, '耗时（毫秒）', 'Duration, in milliseconds'],
  opened_at: [KNOWN, '登录时间', 'Opened at'],
  closed_at: [KNOWN, '退出时间', 'Closed at'],
  failures: [OPEN, '失败次数', 'Failures in a row'],
  is_locked: [OPEN, '已锁定', 'Locked by it'],
  roles: [KNOWN, '角色', 'Roles'],
  role: [KNOWN, '读取角色', 'Role of a reader'],
  is_service: [OPEN, '服务账户', 'The gateway itself'],
  tier: [KNOWN, '层级', 'Tier'],
  is_own: [OPEN, '本组织成员', 'Member of this organisation'],
  enrolled_at: [KNOWN, '入网时间', 'Enrolled at'],
  route: [OPEN, '接口', 'Route'],
  page: [OPEN, '页面', 'Page'],
  control: [OPEN, '控件', 'Button or field'],
  language: [KNOWN, '语言', 'Language'],
  viewport: [KNOWN, '窗口大小', 'Class of window size'],
  dwell_ms: [OPEN, '停留（毫秒）', 'Time on the page, in milliseconds'],
  topic: [OPEN, '主题', 'Topic'],
  score: [OPEN, '评分', 'Score'],
}

const STAFF = { CORE: 'ALL', BANK: 'ALL', REGULATOR: 'ALL' } as const
/** Who acts for a member sees what was done in its name. */
const MEMBERS = { ...STAFF, MEMBER: { member: ['member_id'] } } as const

interface Told {
  readonly words: Words
  readonly rows: Described['rows']
  /** Told by a view as well, as each came out: that is what an export is made of. */
  readonly isTwice?: true
}

const EVENTS: Readonly<Record<string, Told>> = {
  operation_events: {
    words: { zh: '操作事件', en: 'Events of operations' },
    rows: MEMBERS,
    isTwice: true,
  },
  submission_events: {
    words: { zh: '交易提交事件', en: 'Events of submissions' },
    rows: STAFF,
    isTwice: true,
  },
  import_events: {
    words: { zh: '导入事件', en: 'Events of imports' },
    rows: MEMBERS,
    isTwice: true,
  },
  session_events: {
    words: { zh: '会话事件', en: 'Events of sessions' },
    rows: STAFF,
    isTwice: true,
  },
  login_failures: { words: { zh: '登录失败', en: 'Failed logins' }, rows: STAFF },
  user_events: { words: { zh: '用户事件', en: 'Events of users' }, rows: STAFF, isTwice: true },
  member_events: {
    words: { zh: '成员事件', en: 'Events of members' },
    rows: MEMBERS,
    isTwice: true,
  },
  audit_lines: { words: { zh: '审计记录', en: 'Lines of the audit' }, rows: STAFF },
  behaviour: { words: { zh: '门户行为', en: 'Behaviour in the portals' }, rows: STAFF },
  feedback: { words: { zh: '用户反馈', en: 'Feedback' }, rows: STAFF },
}

interface ToldView extends Told {
  /** The events that it is made of; its columns are theirs. */
  readonly of: string
  readonly columns: string
}

const VIEWS: Readonly<Record<string, ToldView>> = {
  operations: {
    words: { zh: '操作', en: 'Operations' },
    rows: MEMBERS,
    of: 'operation_events',
    columns: `operation_id kind user_id member_id import_id status code items refused created_at finished_at
      duration_ms`,
  },
  submissions: {
    words: { zh: '交易提交', en: 'Submissions to the ledger' },
    rows: STAFF,
    of: 'submission_events',
    columns: `tx_id operation_id step attempt status validation_code block stored_at ended_at duration_ms`,
  },
  imports: {
    words: { zh: '导入', en: 'Imports' },
    rows: MEMBERS,
    of: 'import_events',
    columns: `import_id user_id member_id format encoding status code rows accepted refused duplicates created_at
      finished_at duration_ms`,
  },
  logins: {
    words: { zh: '登录', en: 'Logins' },
    rows: STAFF,
    of: 'session_events',
    columns: `session user_id opened_at closed_at`,
  },
  users: {
    words: { zh: '用户', en: 'Users' },
    rows: STAFF,
    of: 'user_events',
    columns: `user_id member_id roles status is_service`,
  },
  firms: {
    words: { zh: '企业', en: 'Firms' },
    rows: MEMBERS,
    of: 'member_events',
    columns: `member_id msp_id kind uscc tier is_own enrolled_at`,
  },
  exports: {
    words: { zh: '导出记录', en: 'Exports, from the audit' },
    rows: STAFF,
    of: 'audit_lines',
    columns: `xid number at user_id member_id route status code`,
    isTwice: true,
  },
}

/** What a view works out itself. */
const WORKED_OUT: Readonly<Record<string, string>> = {
  duration_ms: 'BIGINT',
  ended_at: 'TIMESTAMP',
}

const typesOf = (table: string): Readonly<Record<string, string>> => ({
  ...SILVER_EVENTS.find(({ name }) => name === table)?.columns,
  ...WORKED_OUT,
})

/** The person whose doing it is; of what nobody in particular did, the firm. */
const subjectAmong = (columns: readonly string[]): string | undefined =>
  ['user_id', 'member_id'].find(name => columns.includes(name))

function described(
  [name, { words, rows, isTwice }]: readonly [string, Told],
  place: {
    readonly of: string
    readonly columns: readonly string[]
    readonly key: readonly string[]
  },
): Described {
  const types = typesOf(place.of)
  const subject = subjectAmong(place.columns)
  const columns = place.columns.map((column): [string, DescribedColumn] => {
    const [is, zh, en] = COLUMNS[column] ?? []
    const type = types[column]
    if (is === undefined || type === undefined || zh === undefined || en === undefined)
      throw new Error(`silver.${name}.${column} is not described`)
    return [column, { type, is: column === subject ? [...is, 'SUBJECT'] : is, words: { zh, en } }]
  })
  return {
    name: `silver.${name}`,
    words,
    columns: Object.fromEntries(columns),
    key: place.key,
    ...(isTwice ? { staysInHouse: true } : {}),
    rows,
  }
}

const EVENT_KEY = ['xid', 'number']

export const describedEvents = (): Described[] => [
  ...Object.entries(EVENTS).map(table =>
    described(table, {
      of: table[0],
      columns: Object.keys(SILVER_EVENTS.find(({ name }) => name === table[0])?.columns ?? {}),
      key: EVENT_KEY,
    }),
  ),
  ...Object.entries(VIEWS).map(([name, view]) => {
    const columns = view.columns.split(/\s+/)
    const key = name === 'exports' ? EVENT_KEY : columns.slice(0, 1)
    return described([name, view], { of: view.of, columns, key })
  }),
]
