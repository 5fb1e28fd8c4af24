/**
 * `triflow lake export`: an answer leaves the house at the machine by the door that it leaves by over HTTP. It is asked
 * as staff of the organisation ask, judged against what was released to them before, kept and noted like theirs.
 */
import { writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { createAnalysts, type Analysts } from '../../lakehouse/analysis/analysts.ts'
import { TEXT_MAX } from '../../lakehouse/analysis/check.ts'
import {
  EXPORT_FORMATS,
  FILE_ENDINGS,
  type ExportFormat,
} from '../../lakehouse/analysis/formats.ts'
import type { Config } from '../../platform/config.ts'
import { openDatabase } from '../../platform/database/database.ts'
import type { Caller } from '../../platform/http/tokens.ts'
import { createLog } from '../../platform/log.ts'
import { UsageFault } from '../access.ts'
import { settingsOf, type Say } from './open.ts'
import { instantOf, numberOf, type Moment } from './query.ts'

export interface ExportFlags extends Moment {
  readonly format?: string | undefined
  readonly out?: string | undefined
  readonly purpose?: string | undefined
}

const ROUTE = 'lake export'
const PURPOSE_MIN = 3
const PURPOSE_MAX = 500

/** Whoever is logged in at the machine; nobody's session, and for no member. */
const callerHere = (): Caller => {
  const login = `command line, ${os.userInfo().username}`
  return { userId: login, login, roles: [], memberId: undefined, sessionId: '' }
}

export async function exportAnswer(
  config: Config,
  sql: string,
  flags: ExportFlags,
  say: Say,
): Promise<boolean> {
  const { out } = flags
  if (!out) throw new UsageFault('--out FILE: where the export is written')
  const asking = {
    sql: textOf(sql),
    values: {},
    format: formatOf(flags.format ?? path.extname(out).slice(1)),
    purpose: purposeOf(flags.purpose),
    ...momentOf(flags),
  }
  const { release, content } = await withAnalysts(config, async ({ exports }) => {
    const caller = callerHere()
    const { exportId } = await exports.create(caller, asking, ROUTE)
    return exports.file(caller, exportId)
  })
  await writeFile(out, content, { mode: 0o600 })
  const { rows, k, suppressed, tooSimilar, exportId, sha256 } = release
  say(`${rows} ${rows === 1 ? 'row' : 'rows'}: ${out}`)
  say(`Left out: ${suppressed}, about fewer than ${k}; ${tooSimilar} of these too near to another.`)
  say(`Export ${exportId}, SHA-256 ${sha256}`)
  return true
}

async function withAnalysts<T>(
  config: Config,
  work: (analysts: Analysts) => Promise<T>,
): Promise<T> {
  settingsOf(config)
  const log = createLog({ level: 'warn', organization: config.organization })
  const database = openDatabase({ url: config.databaseUrl, connections: 2, log })
  const analysts = createAnalysts({ config, database, log })
  try {
    return await work(analysts)
  } finally {
    analysts.close()
    await database.close()
  }
}

function textOf(sql: string): string {
  if (sql.length > TEXT_MAX) throw new UsageFault(`a question of at most ${TEXT_MAX} characters`)
  return sql
}

function formatOf(ending: string): ExportFormat {
  const found = EXPORT_FORMATS.find(format => FILE_ENDINGS[format] === ending.toLowerCase())
  if (!found)
    throw new UsageFault(`--format takes one of: ${Object.values(FILE_ENDINGS).join(', ')}`)
  return found
}

function purposeOf(text = ''): string {
  const purpose = text.trim()
  if (purpose.length < PURPOSE_MIN || purpose.length > PURPOSE_MAX)
    throw new UsageFault('--purpose "WHY": why it leaves the house')
  return purpose
}

function momentOf({ at, atBlock }: Moment): Moment {
  return {
    ...(atBlock === undefined ? {} : { atBlock: String(numberOf(atBlock)) }),
    ...(at === undefined ? {} : { at: instantOf(at).toISOString() }),
  }
}
