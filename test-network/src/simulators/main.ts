// The simulators as a process: main CONFIG.json
import { readFileSync } from 'node:fs'
import { startSimulators, type SimulatorOptions } from './server.ts'

const [file] = process.argv.slice(2)
if (!file) {
  process.stderr.write('usage: main CONFIG.json\n')
  process.exit(2)
}
const simulators = await startSimulators(JSON.parse(readFileSync(file, 'utf8')) as SimulatorOptions)
process.stdout.write(`simulators on port ${simulators.port}\n`)
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void simulators.close().finally(() => process.exit(0)))
}
