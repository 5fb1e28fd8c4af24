import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { SimulatorOptions } from '../simulators/server.ts'
import { inState, nodeProcess, type Ports } from './layout.ts'
import type { ProcessSpec } from './spec.ts'
import { httpOk, poll } from './waiting.ts'

export const simulatorsUrl = (ports: Ports): string => `http://127.0.0.1:${ports.simulators}`

export function simulatorProcess(options: {
  readonly stateFolder: string
  readonly ports: Ports
  readonly world: Pick<SimulatorOptions, 'banks' | 'firstDay'>
}): ProcessSpec {
  const directory = inState.simulators(options.stateFolder)
  mkdirSync(directory, { recursive: true })
  const file = path.join(directory, 'config.json')
  const configuration: SimulatorOptions = {
    directory,
    port: options.ports.simulators,
    ...options.world,
  }
  writeFileSync(file, `${JSON.stringify(configuration, null, 2)}\n`)
  const { command, args } = nodeProcess('test-network', 'simulators/main')
  return {
    name: 'simulators',
    command,
    args: [...args, file],
    ready: signal => poll(() => httpOk(`${simulatorsUrl(options.ports)}/health`), signal),
  }
}
