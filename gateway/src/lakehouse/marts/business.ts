/** Who is reached, what is funded, what goes bad, who comes back, and what they say. */
import { column, LEDGER_DAY, LEDGER_TIME, MONTH, monthOf, REASON, share, type Kpi } from './kpi.ts'

/** Down to the county where an address names one; an address that does not read like one says nothing. */
const COUNTY = `nullif(regexp_extract(address,
  '^(?:.{2,8}?(?:省|自治区))?(?:.{1,10}?(?:市|自治州|地区|盟))?.{1,10}?(?:县|区|旗|市)'), '')`

export const coverage: Kpi = {
  name: 'coverage',
  version: 1,
  words: { zh: '区县与产品覆盖率', en: 'Coverage by county and product' },
  about: {
    zh: '已入网供应商中，获得过融资放款的比例，按工商登记住所所在区县和产品（追索方式）。没有工商记录的供应商单列为未知区县。',
    en: 'Of the suppliers enrolled here, those who were paid out on a receivable, by the county of their registered address and by product (recourse). Suppliers without a record of the business registry are a county of their own: unknown.',
  },
  columns: {
    county: column('TEXT', '区县', 'county'),
    product: column('TEXT', '产品', 'product'),
    financed: column('COUNT', '已融资供应商', 'suppliers financed'),
    enrolled: column('COUNT', '入网供应商', 'suppliers enrolled'),
    share_financed: share('覆盖率', 'coverage', 'financed', 'enrolled'),
    reason: REASON,
  },
  chart: { kind: 'BAR', x: 'county', y: ['share_financed'], series: 'product' },
  sql: () => `
    WITH registry AS (SELECT subject AS uscc,
        arg_max((body->>'registeredAddress'), (event_at, revision)) AS address
      FROM lake.bronze.source_records
      WHERE source = 'business_registry' AND subject_kind = 'MEMBER'
        AND (body->>'registeredAddress') IS NOT NULL GROUP BY 1),
    suppliers AS (SELECT member_id, ${COUNTY} AS county
      FROM lake.silver.firms LEFT JOIN registry USING (uscc) WHERE kind = 'SUPPLIER' AND is_own),
    paid AS (SELECT DISTINCT r.asker AS member_id, r.recourse AS product
      FROM lake.silver.requests r JOIN lake.silver.request_states s USING (id) WHERE s.state = 'PAID'),
    products AS (SELECT DISTINCT product FROM paid UNION SELECT 'ANY'),
    enrolled AS (SELECT county, count(*) AS enrolled FROM suppliers GROUP BY ALL),
    financed AS (SELECT county, product, count(*) AS financed FROM suppliers
        JOIN paid USING (member_id) GROUP BY ALL
      UNION ALL SELECT county, 'ANY', count(DISTINCT member_id) FROM suppliers
        JOIN paid USING (member_id) GROUP BY ALL)
    SELECT e.county, p.product, coalesce(f.financed, 0) AS financed, e.enrolled,
      coalesce(f.financed, 0) / e.enrolled AS share_financed,
      CASE WHEN e.county IS NULL THEN 'COUNTY_UNKNOWN' END AS reason
    FROM enrolled e CROSS JOIN products p
    LEFT JOIN financed f ON f.county IS NOT DISTINCT FROM e.county AND f.product = p.product
    ORDER BY e.county NULLS LAST, p.product`,
}

const BAD_DAYS = 90

export const badDebt: Kpi = {
  name: 'bad_debt',
  version: 1,
  words: { zh: '坏账率', en: 'Bad-debt rate' },
  about: {
    zh: `按凭证签发月份：账本日期已超过到期日 ${BAD_DAYS} 天仍未兑付的余额与核销金额，占生效凭证面额的比例。已拆分、已取消和未生效的凭证不计。`,
    en: `By the month of issue: what is unpaid more than ${BAD_DAYS} days after it was due, on the ledger's day, and what was written off, over the face of the receivables that came into force. Those split, cancelled or never in force are left out.`,
  },
  columns: {
    month: column('MONTH', '签发月份', 'month of issue'),
    receivables: column('COUNT', '凭证数', 'receivables'),
    overdue: column('COUNT', `逾期超过 ${BAD_DAYS} 天`, `overdue beyond ${BAD_DAYS} days`),
    written_off: column('COUNT', '核销', 'written off'),
    face_fen: column('FEN', '面额', 'face'),
    overdue_fen: column('FEN', '逾期余额', 'overdue, unpaid'),
    written_off_fen: column('FEN', '核销金额', 'written off, unpaid'),
    bad_fen: column('FEN', '坏账', 'bad'),
    share_bad: share('坏账率', 'bad-debt rate', 'bad_fen', 'face_fen'),
    reason: REASON,
  },
  chart: { kind: 'LINE', x: 'month', y: ['share_bad'] },
  sql: () => `
    WITH standing AS (SELECT strftime(issued_on, '%Y-%m') AS month, face_fen,
        face_fen - coalesce(collected_fen, 0) AS unpaid_fen, state = 'WRITTEN_OFF' AS is_written_off,
        state IN ('ACTIVE', 'LOCKED', 'DUE', 'PAID_PART', 'OVERDUE', 'RECOURSE')
          AND date_diff('day', due_on, ${LEDGER_DAY}) > ${BAD_DAYS} AS is_overdue
      FROM lake.gold.receivables
      WHERE state NOT IN ('PROPOSED', 'OFFERED', 'CANCELLED', 'CONSUMED'))
    SELECT month, count(*) AS receivables, count(*) FILTER (WHERE is_overdue) AS overdue,
      count(*) FILTER (WHERE is_written_off) AS written_off, sum(face_fen) AS face_fen,
      coalesce(sum(unpaid_fen) FILTER (WHERE is_overdue), 0) AS overdue_fen,
      coalesce(sum(unpaid_fen) FILTER (WHERE is_written_off), 0) AS written_off_fen,
      coalesce(sum(unpaid_fen) FILTER (WHERE is_overdue OR is_written_off), 0) AS bad_fen,
      CAST(bad_fen AS DOUBLE) / nullif(sum(face_fen), 0) AS share_bad,
      CASE WHEN coalesce(sum(face_fen), 0) = 0 THEN 'NO_AMOUNT_KNOWN' END AS reason
    FROM standing GROUP BY month ORDER BY month`,
}

export const retention: Kpi = {
  name: 'retention',
  version: 1,
  words: { zh: '留存率', en: 'Retention' },
  about: {
    zh: '当月活跃（其用户发起过操作，或提出过融资申请、报价）的成员中，下月仍活跃的比例。下月尚未结束时无数值。',
    en: 'Of the members active in a month (an operation of their users, a request, a bid), those active again in the next. No figure until the next month is over.',
  },
  columns: {
    month: MONTH,
    active: column('COUNT', '活跃成员', 'members active'),
    returned: column('COUNT', '下月仍活跃', 'of these active in the next month'),
    share_returned: share('留存率', 'retention', 'returned', 'active'),
    reason: REASON,
  },
  chart: { kind: 'LINE', x: 'month', y: ['share_returned'] },
  sql: () => `
    WITH acts AS (SELECT member_id, created_at AS "at" FROM lake.silver.operations WHERE member_id IS NOT NULL
      UNION ALL SELECT asker, "at" FROM lake.silver.requests WHERE asker IS NOT NULL
      UNION ALL SELECT funder, "at" FROM lake.silver.bids WHERE funder IS NOT NULL),
    active AS (SELECT DISTINCT member_id, date_trunc('month', "at" + INTERVAL 8 HOUR) AS month FROM acts),
    counted AS (SELECT a.month, count(*) AS active, count(n.member_id) AS returned
      FROM active a LEFT JOIN active n
        ON n.member_id = a.member_id AND n.month = a.month + INTERVAL 1 MONTH GROUP BY a.month),
    now_is AS (SELECT date_trunc('month', greatest(${LEDGER_TIME}, (SELECT max("at") FROM acts))
      + INTERVAL 8 HOUR) AS month)
    SELECT strftime(c.month, '%Y-%m') AS month, active,
      CASE WHEN is_over THEN returned END AS returned,
      CASE WHEN is_over THEN returned / active END AS share_returned,
      CASE WHEN NOT is_over THEN 'NEXT_MONTH_NOT_OVER' END AS reason
    FROM (SELECT c.*, c.month + INTERVAL 1 MONTH < (SELECT month FROM now_is) AS is_over FROM counted c) c
    ORDER BY 1`,
}

export const fundedVolume: Kpi = {
  name: 'funded_volume',
  version: 1,
  words: { zh: '融资放款额', en: 'Funded volume' },
  about: {
    zh: '当月放款的融资申请：件数、供应商数、凭证面额、实付金额与贴息。面额或报价不为本机构所知的申请计入件数，并注明未知件数。',
    en: 'Requests paid out in the month: how many, of how many suppliers, face, paid-out net and discount. Requests whose terms this organisation does not hold are counted, and said to be so.',
  },
  columns: {
    month: MONTH,
    requests: column('COUNT', '放款笔数', 'requests paid out'),
    suppliers: column('COUNT', '供应商数', 'suppliers'),
    unknown: column('COUNT', '金额未知笔数', 'of these with unknown amount'),
    face_fen: column('FEN', '面额', 'face'),
    net_fen: column('FEN', '实付金额', 'paid out'),
    discount_fen: column('FEN', '贴息', 'discount'),
    reason: REASON,
  },
  chart: { kind: 'BAR', x: 'month', y: ['net_fen', 'discount_fen'] },
  sql: () => `
    WITH paid AS (SELECT id, min("at") AS "at", arg_max(bid_id, (block, tx_index)) AS bid_id
      FROM lake.silver.request_states WHERE state = 'PAID' GROUP BY id)
    SELECT ${monthOf('p."at"')} AS month, count(*) AS requests, count(DISTINCT r.asker) AS suppliers,
      count(*) FILTER (WHERE r.face_fen IS NULL OR b.net_fen IS NULL) AS unknown,
      sum(r.face_fen) AS face_fen, sum(b.net_fen) AS net_fen, sum(b.discount_fen) AS discount_fen,
      CASE WHEN count(*) FILTER (WHERE r.face_fen IS NULL OR b.net_fen IS NULL) > 0
        THEN 'TERMS_NOT_HELD' END AS reason
    FROM paid p LEFT JOIN lake.gold.requests r USING (id) LEFT JOIN lake.gold.bids b ON b.id = p.bid_id
    GROUP BY 1 ORDER BY 1`,
}

export const satisfaction: Kpi = {
  name: 'satisfaction',
  version: 1,
  words: { zh: '满意度', en: 'Satisfaction' },
  about: {
    zh: '应用内反馈（1 至 5 分，4、5 分为满意），按反馈发生的月份；同时给出答复人数占当月登录人数的比例。无人答复的月份无数值。',
    en: 'Feedback in the portals (1 to 5; 4 and 5 are satisfied), in the month in which it was given, with how many of those who logged in have answered. A month in which nobody answered has no figure.',
  },
  columns: {
    month: MONTH,
    answers: column('COUNT', '反馈数', 'answers'),
    respondents: column('COUNT', '答复人数', 'users who answered'),
    logged_in_users: column('COUNT', '登录人数', 'users who logged in'),
    share_answered: share('答复率', 'share who answered', 'respondents', 'logged_in_users'),
    mean_score: column('SCORE', '平均分', 'mean score'),
    satisfied: column('COUNT', '满意', 'answers of 4 or 5'),
    share_satisfied: share('满意率', 'share satisfied', 'satisfied', 'answers'),
    reason: REASON,
  },
  chart: { kind: 'LINE', x: 'month', y: ['mean_score', 'share_answered'] },
  sql: () => `
    WITH answers AS (SELECT ${monthOf('"at"')} AS month, count(*) AS answers,
        count(DISTINCT user_id) AS respondents, avg(score) AS mean_score,
        count(*) FILTER (WHERE score >= 4) AS satisfied FROM lake.silver.feedback GROUP BY 1),
    logged_in AS (SELECT ${monthOf('opened_at')} AS month, count(DISTINCT user_id) AS logged_in_users
      FROM lake.silver.logins GROUP BY 1)
    SELECT month, coalesce(answers, 0) AS answers, coalesce(respondents, 0) AS respondents,
      coalesce(logged_in_users, 0) AS logged_in_users,
      coalesce(respondents, 0) / nullif(logged_in_users, 0) AS share_answered, mean_score,
      coalesce(satisfied, 0) AS satisfied, satisfied / nullif(answers, 0) AS share_satisfied,
      CASE WHEN answers IS NULL THEN 'NOBODY_ANSWERED'
        WHEN logged_in_users IS NULL THEN 'LOGINS_NOT_KNOWN' END AS reason
    FROM answers FULL JOIN logged_in USING (month) ORDER BY month`,
}
