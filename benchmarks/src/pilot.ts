/**
 * `npm run bench:pilot [-- --fresh] [--tests] [--only warm,leader,simulation,fresh,tests] [--ledger embedded|fabric]
 * [--invoices N] [--repetitions N]`: the figures that the pilot has to reach, each with its target.
 */
import { parseArgs } from 'node:util'
import type { LedgerKind } from './ground/index.ts'
import { measureFreshClone, measureSimulation, measureTests } from './pilot/commands.ts'
import { measureLeaderLoss } from './pilot/leader.ts'
import { measureWarm } from './pilot/warm.ts'
import { publish, type Figure } from './report/index.ts'

const PARTS = ['warm', 'leader', 'simulation', 'fresh', 'tests'] as const
type Part = (typeof PARTS)[number]
/** Both take many minutes, so they are asked for. */
const LONG: readonly Part[] = ['fresh', 'tests']
const BASE_PORT = 21_600
const LEADER_PORT = 21_800

interface Settings {
  readonly parts: readonly Part[]
  readonly isWhole: boolean
  readonly ledger: LedgerKind
  readonly invoices: number
  /** Warm pilots alone, and as many with a reader; a figure is their median. */
  readonly repetitions: number
}

function readSettings(): Settings {
  const { values } = parseArgs({
    options: {
      fresh: { type: 'boolean', default: false },
      tests: { type: 'boolean', default: false },
      only: { type: 'string' },
      ledger: { type: 'string', default: 'embedded' },
      invoices: { type: 'string', default: '2100' },
      repetitions: { type: 'string', default: '3' },
    },
  })
  const { ledger, only } = values
  const [invoices, repetitions] = [Number(values.invoices), Number(values.repetitions)]
  if (ledger !== 'embedded' && ledger !== 'fabric')
    throw new Error('--ledger takes embedded or fabric')
  if (!Number.isInteger(repetitions) || repetitions < 1)
    throw new Error('--repetitions takes a whole number from 1 on')
  const asked = (part: Part): boolean => {
    if (only !== undefined) return only.split(',').includes(part)
    return !LONG.includes(part) || (part === 'fresh' ? values.fresh : values.tests)
  }
  const parts = PARTS.filter(asked)
  return { parts, isWhole: only === undefined, ledger, invoices, repetitions }
}

function measure(part: Part, { ledger, invoices, repetitions }: Settings): Promise<Figure[]> {
  const peer = ledger === 'embedded' && process.env['FABRIC_BIN'] ? 'fabric' : undefined
  switch (part) {
    case 'warm':
      return measureWarm({ ledger, invoices, repetitions, peer, basePort: BASE_PORT })
    case 'leader':
      return measureLeaderLoss(LEADER_PORT)
    case 'simulation':
      return measureSimulation()
    case 'fresh':
      return measureFreshClone()
    case 'tests':
      return measureTests()
  }
}

const settings = readSettings()
const figures: Figure[] = []
for (const part of settings.parts) {
  process.stderr.write(`\n== ${part}\n`)
  try {
    figures.push(...(await measure(part, settings)))
  } catch (fault) {
    // The other parts are still worth knowing; the exit code says that one is missing.
    process.stderr.write(`${part} was not measured: ${(fault as Error).message}\n`)
    process.exitCode = 1
  }
}
const suffix = settings.ledger === 'fabric' ? '-fabric' : ''
const name = settings.isWhole ? 'pilot' : `pilot-${settings.parts.join('-')}`
if (figures.length > 0) publish(`${name}${suffix}`, figures)
