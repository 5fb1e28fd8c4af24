/** What a case costs in minutes of people, against the work by hand that it replaces. */
import { quoted } from '../names.ts'
import {
  column,
  minutesBetween,
  MONTH,
  monthOf,
  REASON,
  share,
  type CostParameter,
  type Kpi,
} from './kpi.ts'

function parametersSql(costs: readonly CostParameter[]): string {
  const rows = costs.map(
    ({ activity, pages, manualMinutes, fenPerHour, source }) =>
      `(${quoted(activity)}, [${pages.map(quoted).join(', ')}]::VARCHAR[], ${manualMinutes}, ${fenPerHour}, ${quoted(source)})`,
  )
  const none = `(NULL::VARCHAR, NULL::VARCHAR[], NULL::DOUBLE, NULL::BIGINT, NULL::VARCHAR)`
  return `parameters(activity, pages, manual_minutes, fen_per_hour, source) AS (
      SELECT * FROM (VALUES ${rows.length > 0 ? rows.join(', ') : none}) v WHERE v.col0 IS NOT NULL)`
}

const CASES = `
  cases AS (
    SELECT 'MATCHING' AS activity, id, min("at") AS "at" FROM lake.silver.invoice_states
      WHERE match IN ('MATCHED', 'WITHIN_TOLERANCE', 'OVERRIDDEN', 'REJECTED') GROUP BY ALL
    UNION ALL SELECT 'CONFIRMATION', id, min("at") FROM lake.silver.invoice_states
      WHERE approval IN ('CONFIRMED', 'DISPUTED', 'REJECTED') GROUP BY ALL
    UNION ALL SELECT 'FINANCING', id, min("at") FROM lake.silver.request_states
      WHERE state IN ('ACCEPTED', 'DECLINED', 'EXPIRED', 'LAPSED') GROUP BY ALL)`

export const costPerCase: Kpi = {
  name: 'cost_per_case',
  version: 1,
  words: { zh: '单件成本', en: 'Cost per case' },
  about: {
    zh: '人员在相关页面上的实测分钟数乘以小时成本，除以当月办结件数；与人工基准相比。只含允许记录的用户：同时给出被记录与登录的人数。小时成本与人工分钟数由本机构配置并注明来源。',
    en: 'Minutes of people on the pages of an activity, measured, at the cost of an hour, over the cases decided in the month; beside the work by hand. Only of users who let it be recorded: how many of those who logged in these are stands beside it. Cost of an hour and minutes by hand come from the configuration of the organisation, with their source.',
  },
  columns: {
    month: MONTH,
    activity: column('TEXT', '业务', 'activity'),
    cases: column('COUNT', '办结件数', 'cases decided'),
    people_minutes: column('MINUTES', '实测人工分钟', 'minutes of people, measured'),
    recorded_users: column('COUNT', '被记录人数', 'users recorded'),
    logged_in_users: column('COUNT', '登录人数', 'users who logged in'),
    share_recorded: share('被记录比例', 'share recorded', 'recorded_users', 'logged_in_users'),
    cost_fen: column('FEN', '单件成本', 'cost per case'),
    manual_cost_fen: column('FEN', '人工基准成本', 'cost by hand'),
    saved_fen: column('FEN', '单件节约', 'saved per case'),
    source: column('TEXT', '参数来源', 'source of the parameters'),
    reason: REASON,
  },
  chart: { kind: 'BAR', x: 'month', y: ['cost_fen', 'manual_cost_fen'], series: 'activity' },
  sql: costs => `
    WITH ${parametersSql(costs)}, ${CASES},
    counted AS (SELECT activity, ${monthOf('"at"')} AS month, count(*) AS cases FROM cases GROUP BY ALL),
    views AS (SELECT user_id, page, ${monthOf('"at"')} AS month, dwell_ms FROM lake.silver.behaviour
      WHERE kind = 'page'),
    measured AS (SELECT activity, month, sum(dwell_ms) / 60000.0 AS people_minutes
      FROM parameters JOIN views ON list_contains(pages, page) GROUP BY ALL),
    recorded AS (SELECT month, count(DISTINCT user_id) AS recorded_users FROM views GROUP BY ALL),
    logged_in AS (SELECT ${monthOf('opened_at')} AS month, count(DISTINCT user_id) AS logged_in_users
      FROM lake.silver.logins GROUP BY ALL)
    SELECT month, activity, cases, people_minutes, coalesce(recorded_users, 0) AS recorded_users,
      coalesce(logged_in_users, 0) AS logged_in_users,
      coalesce(recorded_users, 0) / nullif(logged_in_users, 0) AS share_recorded,
      CAST(round(people_minutes * fen_per_hour / 60 / cases) AS BIGINT) AS cost_fen,
      CAST(round(manual_minutes * fen_per_hour / 60) AS BIGINT) AS manual_cost_fen,
      manual_cost_fen - cost_fen AS saved_fen, source,
      CASE WHEN source IS NULL THEN 'NO_PARAMETERS'
        WHEN people_minutes IS NULL THEN 'NOT_MEASURED' END AS reason
    FROM counted LEFT JOIN parameters USING (activity) LEFT JOIN measured USING (activity, month)
    LEFT JOIN recorded USING (month) LEFT JOIN logged_in USING (month) ORDER BY month, activity`,
}

const PAUSE_MINUTES = 30

export const auditEffort: Kpi = {
  name: 'audit_effort',
  version: 1,
  words: { zh: '审计工作量', en: 'Audit effort' },
  about: {
    zh: `审计与合规人员的读取次数、涉及件数与每件用时（同一人两次读取相隔不超过 ${PAUSE_MINUTES} 分钟计为工作时间）；当月新增发票中被抽查的比例，与由平台逐件核对的比例。`,
    en: `Reads by auditors and compliance, the cases among them, and the time of each (two reads of one person within ${PAUSE_MINUTES} minutes are work); of the invoices of the month the share that a person looked at, beside the share that the platform checked.`,
  },
  columns: {
    month: MONTH,
    reads: column('COUNT', '读取次数', 'reads'),
    cases_read: column('COUNT', '涉及件数', 'cases read'),
    minutes_per_case: column('MINUTES', '每件用时', 'minutes per case'),
    invoices: column('COUNT', '当月发票', 'invoices of the month'),
    sampled: column('COUNT', '被抽查', 'looked at by a person'),
    checked: column('COUNT', '平台核对', 'checked by the platform'),
    share_sampled: share('抽查比例', 'share sampled', 'sampled', 'invoices'),
    share_checked: share('核对比例', 'share checked', 'checked', 'invoices'),
    reason: REASON,
  },
  chart: { kind: 'LINE', x: 'month', y: ['share_sampled', 'share_checked'] },
  sql: () => `
    WITH reads AS (SELECT user_id, object_id, "at", ${monthOf('"at"')} AS month,
        ${minutesBetween(`lag("at") OVER (PARTITION BY user_id ORDER BY "at", xid, number)`, '"at"')} AS gap
      FROM lake.silver.audit_lines WHERE role IS NOT NULL),
    effort AS (SELECT month, count(*) AS reads, count(DISTINCT object_id) AS cases_read,
        sum(gap) FILTER (WHERE gap <= ${PAUSE_MINUTES}) AS minutes FROM reads GROUP BY ALL),
    invoices AS (SELECT id, ${monthOf('min("at")')} AS month,
        bool_or(match <> 'NONE') AS is_checked FROM lake.silver.invoice_states GROUP BY id),
    looked_at AS (SELECT DISTINCT object_id AS id FROM reads WHERE object_id IS NOT NULL),
    cases AS (SELECT month, count(*) AS invoices, count(l.id) AS sampled,
        count(*) FILTER (WHERE is_checked) AS checked
      FROM invoices LEFT JOIN looked_at l USING (id) GROUP BY ALL)
    SELECT month, coalesce(reads, 0) AS reads, coalesce(cases_read, 0) AS cases_read,
      minutes / nullif(cases_read, 0) AS minutes_per_case,
      coalesce(invoices, 0) AS invoices, coalesce(sampled, 0) AS sampled,
      coalesce(checked, 0) AS checked, sampled / nullif(invoices, 0) AS share_sampled,
      checked / nullif(invoices, 0) AS share_checked,
      CASE WHEN cases_read IS NULL OR cases_read = 0 THEN 'NOBODY_READ'
        WHEN minutes IS NULL THEN 'ONE_READ_HAS_NO_DURATION'
        WHEN invoices IS NULL THEN 'NO_INVOICES' END AS reason
    FROM effort FULL JOIN cases USING (month) ORDER BY month`,
}
