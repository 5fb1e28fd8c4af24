/** `triflow lake verify`: whether the lake says what the ledger says, in words. */
import type { Config } from '../../platform/config.ts'
import { createLog } from '../../platform/log.ts'
import { connectLedger } from '../../process.ts'
import { verifyLake, type LakeReport } from '../../lakehouse/ledger/verify.ts'
import { redactionsIn } from '../../lakehouse/privacy/marker.ts'
import { withDatabase, withEngine, type Say } from './open.ts'

export async function printVerdict(config: Config, say: Say): Promise<boolean> {
  const log = createLog({ level: 'warn', organization: config.organization })
  const ledger = connectLedger(config, log)
  try {
    const report = await withDatabase(config, database =>
      withEngine(config, {}, engine =>
        verifyLake({
          engine,
          ledger,
          ownMsp: config.mspId,
          redactions: redactionsIn(database),
          onProgress: sayNowAndThen(say),
        }),
      ),
    )
    for (const line of linesOf(report)) say(line)
    return report.equal
  } finally {
    ledger.close()
  }
}

function sayNowAndThen(say: Say): (block: bigint) => void {
  let saidMs = 0
  return block => {
    if (Date.now() - saidMs < 1_000) return
    saidMs = Date.now()
    say(`block ${block}`)
  }
}

const GUIDE = 'see docs/how-to/run-a-lake.md'

function linesOf(report: LakeReport): string[] {
  const { broken, blocks, rows, differing, unlinked } = report
  if (broken.length > 0)
    return [
      ...broken.map(({ table, file, why }) => `${table}: ${file}: ${why}`),
      `BROKEN FILES: ${GUIDE}. Nothing was compared.`,
    ]
  return [
    `Compared with the ledger from block 0 to ${blocks}: ${rows} rows of bronze`,
    ...(differing.length > 0 ? [`Blocks that differ: ${differing.join(', ')}`] : []),
    ...(unlinked.length > 0 ? [`Blocks out of the chain: ${unlinked.join(', ')}`] : []),
    ...counted(report.silver).map(
      ([name, rows]) => `silver.${name}: ${rows} rows do not follow from bronze`,
    ),
    ...counted(report.gold).map(
      ([name, records]) => `gold of silver.${name}: ${records} records are not as they stand`,
    ),
    ...counted(report.redacted).map(
      ([job, values]) => `Taken out on purpose by ${job}: ${values} values`,
    ),
    report.equal ? 'Equal, row by row.' : `NOT EQUAL: ${GUIDE}.`,
  ]
}

const counted = (counts: Readonly<Record<string, number>>): [string, number][] =>
  Object.entries(counts).filter(([, count]) => count !== 0)
