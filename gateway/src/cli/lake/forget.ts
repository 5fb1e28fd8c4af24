/** `triflow lake forget` and `lake check-proof`: the operator's, at the machine, and written into the audit log. */
import { readFileSync } from 'node:fs'
import os from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { openDatabase, type Database } from '../../platform/database/database.ts'
import { ConfigFault, type Config } from '../../platform/config.ts'
import { isFault } from '../../platform/faults.ts'
import { createLog } from '../../platform/log.ts'
import { openSecrets } from '../../platform/secrets.ts'
import { connectLedger } from '../../process.ts'
import { openEngine } from '../../lakehouse/engine.ts'
import { checkProof } from '../../lakehouse/privacy/check.ts'
import { rulesWith } from '../../lakehouse/privacy/classes.ts'
import {
  approveAtConsole,
  readErasure,
  REASONS,
  requestErasure,
} from '../../lakehouse/privacy/requests.ts'
import { identityOf } from '../../lakehouse/privacy/stream.ts'
import { parseSubject } from '../../lakehouse/privacy/subject.ts'
import { workErasure, type WorkParts } from '../../lakehouse/privacy/work.ts'
import { SOURCE_NAMES } from '../../lakehouse/sources/source.ts'
import { UsageFault } from '../access.ts'

type Say = (line: string) => void
export type ForgetFlags = Readonly<
  Partial<Record<'subject' | 'source' | 'reason' | 'certificate', string | undefined>>
>

function settingsOf(config: Config) {
  if (!config.lake)
    throw new ConfigFault('lake: this gateway has none; set dataPath and extensionFolder')
  return config.lake
}

async function withDatabase<T>(config: Config, work: (database: Database) => Promise<T>) {
  const log = createLog({ level: 'warn', organization: config.organization })
  const database = openDatabase({ url: config.databaseUrl, connections: 2, log })
  try {
    return await work(database)
  } finally {
    await database.close()
  }
}

const oneOf = <T extends string>(flag: string, text: string | undefined, all: readonly T[]): T => {
  const found = all.find(one => one === text)
  if (!found) throw new UsageFault(`--${flag} takes one of: ${all.join(', ')}`)
  return found
}

const PAUSE_MS = 2_000
const ATTEMPTS = 60
/** Of a writer that is at work at the same moment. */
const PASSING: ReadonlySet<string> = new Set(['LAKE_QUERY', 'LAKE_SCAN_UPLOADS'])

/** Asks, agrees, and works until the proof is there; a lake that is written meanwhile is waited for. */
export async function forget(config: Config, flags: ForgetFlags, say: Say): Promise<boolean> {
  if (!flags.subject)
    throw new UsageFault('--subject PERSON/REFERENCE or MEMBER/CREDIT-CODE, and --reason')
  const asked = {
    subject: parseSubject(flags.subject),
    reason: oneOf('reason', flags.reason, REASONS),
    source: flags.source === undefined ? undefined : oneOf('source', flags.source, SOURCE_NAMES),
    by: `command line, ${os.userInfo().username}`,
  }
  const settings = settingsOf(config)
  return withDatabase(config, async database => {
    const secrets = openSecrets(config.secretsFile)
    const id = await requestErasure(database, secrets, asked)
    await approveAtConsole(database, id, asked.by)
    say(`Erasure ${id}`)
    const engine = await openEngine({ catalogUrl: config.databaseUrl, ...settings })
    try {
      const parts = {
        engine,
        database,
        secrets,
        identity: identityOf(config),
        rules: rulesWith(settings.retention),
        dataPath: settings.dataPath,
        storage: settings.storage,
        onStep: (step: string) => say(step),
      }
      await workOut(parts, id, say)
    } finally {
      engine.close()
    }
    const { proof } = await readErasure(database, id)
    say(JSON.stringify(proof, undefined, 2))
    return true
  })
}

/** A gateway that writes at the same moment wins, and this comes behind it. */
async function workOut(parts: WorkParts, id: string, say: Say): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      if ((await workErasure(parts, id)) === 'DONE') return
    } catch (error) {
      if (!isFault(error) || !PASSING.has(error.code) || attempt >= ATTEMPTS) throw error
      say(`again: ${error.message}`)
    }
    await delay(PAUSE_MS)
  }
}

/** @param file a proof; with `--subject` it is searched again for the one whom it is about. */
export async function check(
  config: Config,
  file: string,
  flags: ForgetFlags,
  say: Say,
): Promise<boolean> {
  const settings = settingsOf(config)
  const ledger = connectLedger(
    config,
    createLog({ level: 'warn', organization: config.organization }),
  )
  const engine = await openEngine({ catalogUrl: config.databaseUrl, ...settings, reading: {} })
  try {
    return await withDatabase(config, async database => {
      const { proof, wrong, isSearched } = await checkProof(readFileSync(file, 'utf8'), {
        engine,
        database,
        ledger,
        dataPath: settings.dataPath,
        storage: settings.storage,
        trusted: readFileSync(flags.certificate ?? config.ledger.identity.certificateFile, 'utf8'),
        ...(flags.subject === undefined ? {} : { subject: parseSubject(flags.subject) }),
      })
      const { erasureId, mspId, finishedAt } = proof.statement
      say(`Erasure ${erasureId}, signed by ${mspId}, finished ${finishedAt}`)
      for (const one of wrong) say(`WRONG: ${one}`)
      if (!isSearched) say('Not searched: name the one whom it is about with --subject.')
      if (wrong.length === 0) say('What it says holds.')
      return wrong.length === 0
    })
  } finally {
    engine.close()
    ledger.close()
  }
}
