/** Figures of whole commands: a fresh clone, the test suite, the simulation campaign. */
import { execFile, spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { REPOSITORY, program, temporaryFolder } from '../ground/index.ts'
import { figure, type Figure } from '../report/index.ts'

const SEEDS = 1_000

interface Ran {
  readonly seconds: number
  readonly code: number
  readonly output: string
}

/** Runs a command to its end, showing what it says. */
function run(command: string, args: readonly string[], cwd: string): Promise<Ran> {
  const began = performance.now()
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const take = (chunk: Buffer): void => {
    output += chunk.toString('utf8')
    process.stderr.write(chunk)
  }
  child.stdout.on('data', take)
  child.stderr.on('data', take)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', code => {
      resolve({ seconds: (performance.now() - began) / 1000, code: code ?? 1, output })
    })
  })
}

/** Clones what is committed, with nothing installed, and plays the pilot once. */
export async function measureFreshClone(): Promise<Figure[]> {
  const folder = temporaryFolder('clone')
  try {
    const clone = path.join(folder, 'triflow')
    await promisify(execFile)('git', ['clone', '--quiet', REPOSITORY, clone])
    const { seconds, code, output } = await run('npm', ['start', '--', '--once'], clone)
    const installS = Number(/^Installed in (\d+) s$/m.exec(output)?.[1] ?? Number.NaN)
    return [
      figure('fresh clone to the end of npm start -- --once', 'min', [seconds / 60], {
        target: '<= 8',
      }),
      figure('fresh clone: install', 'min', [installS / 60], { target: '<= 4' }),
      figure('fresh clone: exit code', 'code', [code], { target: '<= 0' }),
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export async function measureTests(): Promise<Figure[]> {
  const { seconds, output } = await run('npm', ['test'], REPOSITORY)
  const counted = /^(\d+) passed, (\d+) failed, (\d+) skipped/m.exec(output) ?? []
  const [passed, failed, skipped] = counted.slice(1).map(Number)
  return [
    figure('npm test', 'min', [seconds / 60], { target: '<= 25' }),
    figure('npm test: passed', 'claims', [passed ?? 0]),
    figure('npm test: failed', 'claims', [failed ?? Number.NaN], { target: '<= 0' }),
    figure('npm test: skipped', 'claims', [skipped ?? Number.NaN]),
  ]
}

/** Seeds with loss, delay, duplication, partition, crash and restart, and one Byzantine replica. */
export async function measureSimulation(): Promise<Figure[]> {
  const argv = [...program('network', 'consensus/simulator/campaign'), '--seeds', String(SEEDS)]
  const { output } = await run(process.execPath, argv, REPOSITORY)
  const last = output.trim().split('\n').at(-1) ?? '{}'
  const totals = JSON.parse(last) as { seeds: number; violations: number; ms: number }
  return [
    figure('simulation of the consensus core', 'seeds', [totals.seeds], { target: '>= 1000' }),
    figure('simulation: violated claims', 'seeds', [totals.violations], { target: '<= 0' }),
    figure('simulation: time', 's', [totals.ms / 1000]),
  ]
}
