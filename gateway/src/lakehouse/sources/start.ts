/** The sources as streams of the lake: each says in the journal how it stands, under its own name. */
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { openSecrets } from '../../platform/secrets.ts'
import { FORGOTTEN_KEY, forgottenIn, type Forgotten } from '../privacy/forgotten.ts'
import type { LakeParts, Stream } from '../stream.ts'
import { createConsents } from './consents.ts'
import { createLakeSink, streamOf } from './lakeSink.ts'
import { startSources, type Sources } from './puller.ts'
import { TIMING } from './schedule.ts'
import type { SourceStatus } from './status.ts'

/** Pages are large, and a second apart: a commit costs the same for one record as for thousands. */
const PACE = { limit: 1_000, timing: { ...TIMING, pageMs: 1_000 } } as const
const SAY_MS = 2_000
const TOKEN_MS = 10_000

export function startPulling(parts: LakeParts): Stream | undefined {
  const { settings, journal, log, database, config } = parts
  if (!settings.sources) return undefined
  const { baseUrl, tokenFile } = settings.sources
  const secrets = openSecrets(config.secretsFile)
  const forgotten = forgottenIn(database, secrets.derive(FORGOTTEN_KEY))
  const stop = new AbortController()
  const pause = (ms: number) =>
    delay(ms, undefined, { signal: stop.signal, ref: false }).catch(() => undefined)

  /** Whoever lays down the token may come after us. */
  async function readToken(): Promise<string | undefined> {
    let isSaid = false
    while (!stop.signal.aborted) {
      try {
        const token = readFileSync(tokenFile, 'utf8').trim()
        journal.stream('sources', {})
        return token
      } catch (error) {
        if (!isSaid) log.warn({ err: error }, 'the token of the sources cannot be read')
        isSaid = true
        journal.stream('sources', { fault: 'the token of the sources cannot be read' })
        await pause(TOKEN_MS)
      }
    }
    return undefined
  }

  async function run(): Promise<void> {
    const token = await readToken()
    if (token === undefined) return
    const sources = pulled(parts, { baseUrl, token }, forgotten)
    while (!stop.signal.aborted) {
      // First a pause: before an attempt nobody knows what a source had when this process began.
      await pause(SAY_MS)
      for (const status of sources.status()) say(parts, status)
    }
    await sources.close()
  }

  const work = run()
  return {
    async close() {
      stop.abort()
      await work
    },
  }
}

function pulled(
  { engine, database, log }: LakeParts,
  place: { readonly baseUrl: string; readonly token: string },
  forgotten: Forgotten,
): Sources {
  const consents = createConsents(database)
  return startSources({
    ...place,
    ...PACE,
    sink: createLakeSink({ engine, consents }),
    consents,
    forgotten,
    log,
  })
}

/** What the journal has already it does not write again. */
function say({ journal }: LakeParts, { source, fault, ...facts }: SourceStatus): void {
  journal.stream(streamOf(source), {
    ...(fault ? { fault: `${fault.code}: ${fault.detail}` } : {}),
    facts: { ...facts, ...(fault ? { failures: fault.failures } : {}) },
  })
}
