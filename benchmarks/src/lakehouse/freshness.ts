/**
 * How old a block is when another process can ask for it: beside a pilot that runs, a reader looks into its lake four
 * times a second, and each block it finds for the first time is as old as its arrival at the gateway tells.
 */
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { openEngine, type EngineOptions } from '@triflow/gateway/lakehouse/engine'
import { figure, percentile, type Figure } from '../report/index.ts'

const LOOK_MS = 250
const TARGET = '<= 2000'
const MEMORY_MB = 128

/** What is needed here of a gateway's configuration; the gateway itself has checked it. */
interface GatewayFile {
  readonly databaseUrl: string
  readonly lake?: Pick<EngineOptions, 'dataPath' | 'extensionFolder' | 'storage'>
}

/** @param configFile of the gateway whose lake it is: `.triflow/gateways/banka/config.json` in the pilot. */
export async function freshness(configFile: string, seconds: number): Promise<Figure[]> {
  const { databaseUrl, lake } = JSON.parse(readFileSync(configFile, 'utf8')) as GatewayFile
  if (!lake) throw new Error(`${configFile}: this gateway keeps no lake`)
  const settings = { ...lake, catalogUrl: databaseUrl, memoryMb: MEMORY_MB, threads: 1 }
  const engine = await openEngine({ ...settings, reading: {} })
  try {
    const [before] = await engine.query<{ block: string | null }>(
      'SELECT max(block) AS block FROM lake.bronze.blocks',
    )
    let seen = before?.block ?? '-1'
    const caughtUpMs: number[] = []
    const agesMs: number[] = []
    const endMs = performance.now() + seconds * 1_000
    while (performance.now() < endMs) {
      const found = await engine.query<{ block: string; at: string }>(
        `SELECT block, epoch_ms(arrived_at) AS at FROM lake.bronze.blocks
         WHERE block > ${seen} ORDER BY block`,
      )
      const nowMs = Date.now()
      // A lake that is new begins with what the ledger has long had.
      const ages = seen === '-1' ? caughtUpMs : agesMs
      ages.push(...found.map(({ at }) => nowMs - Number(at)))
      seen = found.at(-1)?.block ?? seen
      await delay(LOOK_MS)
    }
    if (agesMs.length === 0) throw new Error(`no block came within ${seconds} s`)
    return [
      ...(caughtUpMs.length > 0
        ? [
            figure('blocks that were there before the lake', 'blocks', [caughtUpMs.length]),
            figure('the first of them arrived until found', 'ms', [Math.max(...caughtUpMs)]),
          ]
        : []),
      figure('blocks that came meanwhile', 'blocks', [agesMs.length]),
      figure('block arrived until another process finds it, p50', 'ms', [percentile(agesMs, 0.5)]),
      figure(
        'block arrived until another process finds it, p95',
        'ms',
        [percentile(agesMs, 0.95)],
        {
          target: TARGET,
        },
      ),
    ]
  } finally {
    engine.close()
  }
}
