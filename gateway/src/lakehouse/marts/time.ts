/** How long things take, and how much of it is done without a person. */
import {
  column,
  LEDGER_TIME,
  minutesBetween,
  MONTH,
  monthOf,
  REASON,
  share,
  type Kpi,
} from './kpi.ts'

const TARGET_MINUTES = 240

/** Steps from one state to another: the first time each record was in either. */
const STEPS = `
  first_bids AS (SELECT request_id AS id, min("at") AS ended FROM lake.silver.bid_states
    WHERE state = 'PLACED' GROUP BY 1),
  requests AS (SELECT id, min("at") FILTER (WHERE state = 'OPEN') AS began,
      min("at") FILTER (WHERE state = 'ACCEPTED') AS accepted
    FROM lake.silver.request_states GROUP BY 1),
  receivables AS (SELECT id, min("at") FILTER (WHERE state IN ('PROPOSED', 'OFFERED')) AS began,
      min("at") FILTER (WHERE state = 'ACTIVE') AS ended
    FROM lake.silver.receivable_states GROUP BY 1),
  uploads AS (SELECT s.id, min(i.created_at) AS began
    FROM lake.silver.invoice_states s
    JOIN lake.bronze.transactions t USING (block, tx_index)
    JOIN lake.silver.submissions b USING (tx_id)
    JOIN lake.silver.operations o USING (operation_id)
    JOIN lake.silver.imports i USING (import_id) GROUP BY 1),
  invoices AS (SELECT s.id, min(least(s."at", coalesce(u.began, s."at"))) AS began,
      min(s."at") FILTER (WHERE match IN ('MATCHED', 'WITHIN_TOLERANCE', 'OVERRIDDEN')) AS ended
    FROM lake.silver.invoice_states s LEFT JOIN uploads u USING (id) GROUP BY s.id),
  steps AS (
    SELECT 'REQUEST_TO_FIRST_BID' AS step, began, ended FROM requests LEFT JOIN first_bids USING (id)
    UNION ALL SELECT 'REQUEST_TO_ACCEPTANCE', began, accepted FROM requests
    UNION ALL SELECT 'RECEIVABLE_TO_CONFIRMATION', began, ended FROM receivables
    UNION ALL SELECT 'INVOICE_TO_MATCHED', began, ended FROM invoices)`

export const approvalTime: Kpi = {
  name: 'approval_time',
  version: 1,
  words: { zh: '审批时间', en: 'Approval time' },
  about: {
    zh: '从融资申请到首次报价与接受、从应收凭证申请到生效、从发票导入到核对通过的时间。未到期限且仍未完成的事项不计入分母；撤回或过期的事项计入分母。现状基准：三天。',
    en: 'From a request to its first bid and to acceptance, from an application for a receivable to its confirmation, from the import of an invoice to its match. What is open and still within the target is not in the denominator; what was withdrawn or expired is. Baseline today: three days.',
  },
  target: {
    column: 'median_minutes',
    value: TARGET_MINUTES,
    isAtMost: true,
    words: {
      zh: '目标为分钟级，至多四小时；现状三天',
      en: 'minutes, at most four hours; three days today',
    },
  },
  columns: {
    month: MONTH,
    step: column('TEXT', '环节', 'step'),
    cases: column('COUNT', '事项数', 'cases begun'),
    ended: column('COUNT', '已完成', 'of these ended'),
    due: column('COUNT', '已完成或已超期限', 'ended or beyond the target'),
    within_target: column('COUNT', '期限内完成', 'ended within the target'),
    share_within_target: share('期限内占比', 'share within the target', 'within_target', 'due'),
    median_minutes: column('MINUTES', '中位时间', 'median'),
    p90_minutes: column('MINUTES', '九成分位时间', '90th percentile'),
    reason: REASON,
  },
  chart: { kind: 'LINE', x: 'month', y: ['median_minutes', 'p90_minutes'], series: 'step' },
  sql: () => `
    WITH ${STEPS},
    timed AS (SELECT step, ${monthOf('began')} AS month, ended IS NOT NULL AS has_ended,
        ${minutesBetween('began', 'ended')} AS minutes,
        ${minutesBetween('began', LEDGER_TIME)} AS age_minutes
      FROM steps WHERE began IS NOT NULL)
    SELECT month, step, count(*) AS cases, count(*) FILTER (WHERE has_ended) AS ended,
      count(*) FILTER (WHERE has_ended OR age_minutes > ${TARGET_MINUTES}) AS due,
      count(*) FILTER (WHERE minutes <= ${TARGET_MINUTES}) AS within_target,
      within_target / nullif(due, 0) AS share_within_target,
      quantile_cont(minutes, 0.5) AS median_minutes, quantile_cont(minutes, 0.9) AS p90_minutes,
      CASE WHEN count(*) FILTER (WHERE has_ended) = 0 THEN 'NONE_ENDED' END AS reason
    FROM timed GROUP BY ALL ORDER BY month, step`,
}

/** Who a row of silver was written by: the operation of this gateway that sent its transaction, where it was one. */
const BY = `LEFT JOIN lake.bronze.transactions t USING (block, tx_index)
    LEFT JOIN lake.silver.submissions b USING (tx_id)
    LEFT JOIN lake.silver.operations o USING (operation_id)
    LEFT JOIN lake.silver.users u ON u.user_id = o.user_id`
const FIRST = 'QUALIFY row_number() OVER (PARTITION BY id ORDER BY block, tx_index) = 1'

export const automatedShare: Kpi = {
  name: 'automated_share',
  version: 1,
  words: { zh: '自动化比例', en: 'Automated share' },
  about: {
    zh: '发票核对与应付确认中，由平台自身发起、无人参与的比例。由其他机构写入账本的事项不知由谁发起，单列为未知，不计入分母。',
    en: 'Matches of invoices and confirmations that the gateway set going by itself, with no person. What another organisation wrote is not known to be one or the other: it is counted as unknown and is in no denominator.',
  },
  columns: {
    month: MONTH,
    step: column('TEXT', '环节', 'step'),
    decided: column('COUNT', '已决定', 'decided'),
    automated: column('COUNT', '自动', 'by the gateway itself'),
    by_person: column('COUNT', '人工', 'by a person'),
    unknown: column('COUNT', '未知', 'not known by whom'),
    known: column('COUNT', '已知', 'known by whom'),
    share_automated: share('自动化比例', 'automated share', 'automated', 'known'),
    reason: REASON,
  },
  chart: {
    kind: 'STACKED_BAR',
    x: 'month',
    y: ['automated', 'by_person', 'unknown'],
    series: 'step',
  },
  sql: () => `
    WITH decided AS (
      SELECT * FROM (SELECT 'MATCHING' AS step, id, block, tx_index, "at",
          match IN ('OVERRIDDEN', 'REJECTED') AS is_person FROM lake.silver.invoice_states
        WHERE match IN ('MATCHED', 'WITHIN_TOLERANCE', 'OVERRIDDEN', 'REJECTED') ${FIRST})
      UNION ALL SELECT * FROM (SELECT 'APPROVAL', id, block, tx_index, "at", false
        FROM lake.silver.invoice_states WHERE approval = 'CONFIRMED' ${FIRST})),
    judged AS (SELECT d.step, ${monthOf('d."at"')} AS month,
        CASE WHEN is_person THEN 'PERSON' WHEN u.user_id IS NULL THEN 'UNKNOWN'
          WHEN u.is_service THEN 'MACHINE' ELSE 'PERSON' END AS who
      FROM decided d ${BY})
    SELECT month, step, count(*) AS decided, count(*) FILTER (WHERE who = 'MACHINE') AS automated,
      count(*) FILTER (WHERE who = 'PERSON') AS by_person,
      count(*) FILTER (WHERE who = 'UNKNOWN') AS unknown,
      count(*) FILTER (WHERE who <> 'UNKNOWN') AS known,
      automated / nullif(known, 0) AS share_automated,
      CASE WHEN count(*) FILTER (WHERE who <> 'UNKNOWN') = 0 THEN 'NOT_KNOWN_BY_WHOM' END AS reason
    FROM judged GROUP BY ALL ORDER BY month, step`,
}
