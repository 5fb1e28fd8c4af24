import type { Handlers } from '../../platform/http/bind.ts'
import type { Database } from '../../platform/database/database.ts'
import { openSecrets } from '../../platform/secrets.ts'
import type { Services } from '../../services.ts'
import type { LakeErasure, LakeRetention } from './api.ts'
import { CLASSES, periodText, rulesWith, type Period } from './classes.ts'
import { RETAINED } from './declarations.ts'
import type { Retained } from './declared.ts'
import { RETAINED_LOGS } from './logs.ts'
import { decideErasure, readErasure, requestErasure, type ErasureRow } from './requests.ts'
import { parseSubject } from './subject.ts'

type Names =
  'lake.retention' | 'lake.erasures.request' | 'lake.erasures.get' | 'lake.erasures.decide'

export function privacyHandlers({ config, database }: Services): Handlers<Names> {
  const view = async (id: string): Promise<LakeErasure> =>
    erasureView(await readErasure(database, id))
  return {
    'lake.retention': async () => ({
      classes: classesView(config.lake?.retention),
      tables: [...RETAINED.values(), ...RETAINED_LOGS].map(tableView),
      days: await daysOf(database),
    }),
    'lake.erasures.request': async ({ body: { subject, source, reason }, caller }) =>
      view(
        await requestErasure(database, openSecrets(config.secretsFile), {
          subject: parseSubject(subject),
          source,
          reason,
          by: caller.userId,
        }),
      ),
    'lake.erasures.get': ({ params }) => view(params.erasureId),
    'lake.erasures.decide': async ({ params, body, caller }) => {
      await decideErasure(database, params.erasureId, { by: caller.userId, approve: body.approve })
      return view(params.erasureId)
    },
  }
}

function classesView(
  chosen: Readonly<Record<string, string>> | undefined,
): LakeRetention['classes'] {
  const rules = rulesWith(chosen)
  const text = (name: string, period: Period | undefined) =>
    period ? { [name]: periodText(period) } : {}
  return CLASSES.map(name => {
    const { keep, atLeast, atMost, from, grounds } = rules[name]
    return {
      class: name,
      ...text('keep', keep),
      ...text('atLeast', atLeast),
      ...text('atMost', atMost),
      from,
      grounds: [...grounds],
    }
  })
}

function tableView(retained: Retained): LakeRetention['tables'][number] {
  const { table, keeps } = retained
  switch (retained.keeps) {
    case 'FOLLOWS':
      return { table, keeps, classes: [], note: retained.of }
    case 'TIME': {
      const { class: rows } = retained
      const classes = typeof rows === 'string' ? [rows] : Object.values(rows.of)
      return { table, keeps, classes: [...new Set(classes)].sort() }
    }
    default:
      return { table, keeps, classes: [], note: retained.why }
  }
}

interface DayRow extends Record<string, unknown> {
  readonly job: string
  readonly until: string
  readonly step: string
  readonly table_name: string | null
  readonly class: string | null
  readonly rows: string | null
}

const DAYS_SHOWN = 90

async function daysOf(database: Database): Promise<LakeRetention['days']> {
  const rows = await database.query<DayRow>(
    `SELECT d.job, d.until, d.step, r.table_name, r.class, r.rows
     FROM (SELECT * FROM lake_retention_days ORDER BY until DESC LIMIT ${DAYS_SHOWN}) d
     LEFT JOIN lake_retention r ON r.job = d.job
     ORDER BY d.until DESC, r.table_name, r.class`,
  )
  const days = new Map<string, LakeRetention['days'][number]>()
  for (const { job, until, step, table_name: table, class: name, rows: count } of rows) {
    const day = days.get(job) ?? { job, until, isDone: step === 'DONE', deleted: [] }
    if (table && name) day.deleted.push({ table, class: name, rows: Number(count) })
    days.set(job, day)
  }
  return [...days.values()]
}

export function erasureView(row: ErasureRow): LakeErasure {
  return {
    erasureId: row.erasure_id,
    kind: row.kind,
    ...(row.source ? { source: row.source } : {}),
    reason: row.reason,
    ...(row.consent_id ? { consentId: row.consent_id } : {}),
    step: row.step,
    ...(row.fault ? { fault: row.fault } : {}),
    requestedBy: row.requested_by,
    requestedAt: row.requested_at,
    ...(row.decided_by ? { decidedBy: row.decided_by } : {}),
    ...(row.decided_at ? { decidedAt: row.decided_at } : {}),
    ...(row.proof ? { proof: row.proof } : {}),
  }
}
