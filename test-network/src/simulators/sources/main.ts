// The data sources' simulator as a process: main CONFIG.json
import { readFileSync } from 'node:fs'
import { startSourcesSimulator, type SourcesSimulatorOptions } from './server.ts'

async function main([file]: readonly string[]): Promise<void> {
  if (!file) throw new Error('usage: main CONFIG.json')
  const options = JSON.parse(readFileSync(file, 'utf8')) as SourcesSimulatorOptions
  const simulator = await startSourcesSimulator(options)
  process.stdout.write(`sources simulator (invented records) on port ${simulator.port}\n`)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void simulator.close().finally(() => process.exit(0)))
  }
}

main(process.argv.slice(2)).catch((fault: unknown) => {
  process.stderr.write(`${(fault as Error).message}\n`)
  process.exit(2)
})
