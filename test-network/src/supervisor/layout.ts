import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { FRUGAL } from '@triflow/network/control'
import { ORGANIZATIONS, type OrganizationKey } from './organizations.ts'
import { portsFree } from './waiting.ts'

/** The checkout: the nearest folder above this file that holds the lock file of the workspaces. */
export const REPOSITORY = repositoryAbove(path.dirname(fileURLToPath(import.meta.url)))

function repositoryAbove(folder: string): string {
  if (existsSync(path.join(folder, 'package-lock.json'))) return folder
  if (folder === path.dirname(folder)) throw new Error('package-lock.json is nowhere above')
  return repositoryAbove(path.dirname(folder))
}

/**
 * How to run a process of a workspace: as the build bundled it, or its source when this very code runs from source and
 * nobody said (TRIFLOW_COMPILED) that the compiled files are those of this source.
 */
export function nodeProcess(
  workspace: string,
  file: string,
): { readonly command: string; readonly args: readonly string[] } {
  const folder = path.join(REPOSITORY, workspace)
  const fromSource = import.meta.url.endsWith('.ts') && process.env['TRIFLOW_COMPILED'] !== 'true'
  const args = fromSource
    ? [...SOURCE_FLAGS, path.join(folder, 'src', `${file}.ts`)]
    : [path.join(folder, 'dist/run', `${file}.mjs`)]
  return { command: process.execPath, args: [...FRUGAL.flags, ...args] }
}

const SOURCE_FLAGS = ['--conditions=triflow-source', '--import', 'tsx']

export interface Ports {
  /** First of the block; ledger node i owns base + 10 i .. + 9. */
  readonly base: number
  readonly postgres: number
  readonly redis: number
  readonly ipfs: number
  readonly simulators: number
  /** Of the simulator of data sources. */
  readonly sources: number
  readonly gateways: Readonly<Record<OrganizationKey, number>>
  /** Of the gateway whose roles have processes of their own. */
  readonly projector: number
  readonly worker: number
}

const BLOCK = 100
const FIRST_BASE = 17_000
const LAST_BASE = 31_000

function portsAt(base: number): Ports {
  const gateways = ORGANIZATIONS.map(({ key }, index) => [key, base + 80 + index])
  return {
    base,
    postgres: base + 70,
    redis: base + 71,
    ipfs: base + 72,
    simulators: base + 73,
    sources: base + 74,
    gateways: Object.fromEntries(gateways) as Ports['gateways'],
    projector: base + 86,
    worker: base + 87,
  }
}

/** Ports of this state folder: chosen once, where nothing else listens, and kept for every later start. */
export async function claimPorts(stateFolder: string, wantedBase?: number): Promise<Ports> {
  const file = path.join(stateFolder, 'ports.json')
  if (existsSync(file)) {
    const { base } = JSON.parse(readFileSync(file, 'utf8')) as { base: number }
    return portsAt(base)
  }
  const base = wantedBase ?? (await freeBase())
  writeFileSync(file, `${JSON.stringify({ base })}\n`)
  return portsAt(base)
}

async function freeBase(): Promise<number> {
  for (let base = FIRST_BASE; base <= LAST_BASE; base += BLOCK) {
    const block = Array.from({ length: BLOCK - 10 }, (_, index) => base + index)
    if (await portsFree(block)) return base
  }
  throw new Error(`no block of ${BLOCK} free ports between ${FIRST_BASE} and ${LAST_BASE + BLOCK}`)
}

/** Everything the network keeps lies below one folder; deleting it is a clean reset. */
export const inState = {
  ledger: (state: string): string => path.join(state, 'ledger'),
  gateway: (state: string, organization: string): string =>
    path.join(state, 'gateways', organization),
  lake: (state: string, organization: string): string => path.join(state, 'lakes', organization),
  secrets: (state: string): string => path.join(state, 'secrets.json'),
  consortiumKey: (state: string): string => path.join(state, 'consortium.key'),
  access: (state: string): string => path.join(state, 'pilot-access.json'),
  pilot: (state: string): string => path.join(state, 'pilot'),
  year: (state: string): string => path.join(state, 'pilot/year'),
  simulators: (state: string): string => path.join(state, 'simulators'),
  /** What the simulator of data sources is told, and the token that opens it. */
  sources: (state: string): string => path.join(state, 'simulators/sources'),
  sourcesToken: (state: string): string => path.join(state, 'simulators/sources/token'),
  result: (state: string): string => path.join(state, 'pilot.json'),
}

/** Reads a JSON file, or makes it once; secrets are readable by the owner alone. */
export function keptJson<T>(file: string, make: () => T): T {
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as T
  const value = make()
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 })
  return value
}
