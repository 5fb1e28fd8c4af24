/** Forgets whom somebody has agreed to forget, and once a day what is past its time. */
import { readFileSync } from 'node:fs'
import type { Config } from '../../platform/config.ts'
import { createIdentity, type LedgerIdentity } from '../../platform/ledger/signer.ts'
import { openSecrets } from '../../platform/secrets.ts'
import { pull, type LakeParts, type Stream } from '../stream.ts'
import { rulesWith, type Rules } from './classes.ts'
import { nextErasure } from './requests.ts'
import { isDue, keepTime } from './retention.ts'
import { workErasure } from './work.ts'

const NAME = 'privacy'
/** Nobody waits: a request is a matter of days by law. */
const PAUSE_MS = 10_000

export function startPrivacy(parts: LakeParts): Stream {
  const { engine, database, config, settings } = parts
  async function take(): Promise<'MORE' | 'CAUGHT_UP'> {
    // Here, so that a period which the law does not allow is a fault of this stream and of no other.
    const rules = rulesWith(settings.retention)
    const open = await nextErasure(database)
    // One that does not come to its end is no reason to keep what is past its time.
    if (open?.fault) await keep(rules)
    if (open) {
      const secrets = openSecrets(config.secretsFile)
      const identity = identityOf(config)
      const { dataPath, storage } = settings
      const work = { engine, database, rules, secrets, identity, dataPath, storage }
      const outcome = await noting(parts, open.erasure_id, () => workErasure(work, open.erasure_id))
      return outcome === 'DONE' ? 'MORE' : 'CAUGHT_UP'
    }
    await keep(rules)
    return 'CAUGHT_UP'
  }
  async function keep(rules: Rules): Promise<void> {
    const now = new Date()
    if (await isDue(database, now)) await keepTime({ engine, database, rules, now })
  }
  return pull({ name: NAME, pauseMs: PAUSE_MS, take }, parts)
}

/** Why an erasure does not come to its end stands beside it, for whoever asks. */
async function noting<T>(
  { database }: Pick<LakeParts, 'database'>,
  id: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error)
    await database.execute('UPDATE lake_erasures SET fault = $2 WHERE erasure_id = $1', [id, said])
    throw error
  }
}

/** The organisation's own: with it the ledger knows who has signed. */
export function identityOf({ ledger, mspId }: Config): LedgerIdentity {
  const { certificateFile, keyFile } = ledger.identity
  return createIdentity({
    mspId,
    certificatePem: readFileSync(certificateFile, 'utf8'),
    privateKeyPem: readFileSync(keyFile, 'utf8'),
  })
}
