import { randomBytes } from 'node:crypto'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { SourcesSimulatorOptions } from '../simulators/sources/index.ts'
import { inState, keptJson, nodeProcess, type Ports } from './layout.ts'
import type { ProcessSpec } from './spec.ts'
import { httpOk, poll } from './waiting.ts'

export const sourcesUrl = (ports: Ports): string => `http://127.0.0.1:${ports.sources}`

/** The world behind the sources: who lives in it, and since when. */
export type SimulatedSources = Omit<SourcesSimulatorOptions, 'port' | 'token' | 'now'>

/** Made at the first start and kept. */
const tokenOf = (stateFolder: string): string =>
  keptJson(path.join(inState.sources(stateFolder), 'secret.json'), () => ({
    token: randomBytes(24).toString('base64url'),
  })).token

/** The simulator of the twelve outside data sources: one process for all lakes of the pilot. */
export function sourcesProcess(options: {
  readonly stateFolder: string
  readonly ports: Ports
  readonly world: SimulatedSources
}): ProcessSpec {
  const { stateFolder, ports, world } = options
  const token = tokenOf(stateFolder)
  const file = path.join(inState.sources(stateFolder), 'config.json')
  const configuration: SourcesSimulatorOptions = { ...world, port: ports.sources, token }
  writeFileSync(file, `${JSON.stringify(configuration, null, 2)}\n`, { mode: 0o600 })
  const { command, args } = nodeProcess('test-network', 'simulators/sources/main')
  return {
    name: 'sources-simulator',
    command,
    args: [...args, file],
    ready: signal => poll(() => httpOk(`${sourcesUrl(ports)}/health`), signal),
  }
}

/**
 * Lays the token where the gateways look for it. Before that nothing is pulled: what a source says of somebody who has
 * not said yes is dropped, and would not come again.
 */
export function handOverToken(stateFolder: string): void {
  const file = inState.sourcesToken(stateFolder)
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(`${file}.new`, `${tokenOf(stateFolder)}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}
