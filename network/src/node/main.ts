// The process of one node: `main --dir DIR --node NAME`. Ends on SIGTERM or SIGINT after closing its ledgers, and with
// exit code 1 on a fault, for whoever supervises it to start it again.
import { parseArgs } from 'node:util'
import pino from 'pino'
import { textOf } from './fault.ts'
import { recordOf } from './folder.ts'
import { serveStatus } from './runtime/http.ts'
import { placeOf } from './runtime/identity.ts'
import { openNode, type RunningNode } from './runtime/node.ts'

const CLOSE_MS = 8_000

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { dir: { type: 'string' }, node: { type: 'string' } } })
  const { dir, node: name } = values
  if (!dir || !name) throw new Error('usage: main --dir DIR --node NAME')
  const log = pino({ level: process.env.LOG_LEVEL ?? 'info', base: { node: name } })
  const opened: { node?: RunningNode } = {}
  const fail = (fault: Error): void => {
    log.fatal({ fault: fault.message, stack: fault.stack }, 'the node cannot go on')
    process.exit(1)
  }
  process.on('uncaughtException', fail)
  process.on('unhandledRejection', reason => fail(new Error(textOf(reason))))
  const place = placeOf(recordOf(dir).definition, name)
  const status = await serveStatus(place.metricsPort, () => opened.node)
  const running = await openNode({ dir, name, log, onFault: fail })
  opened.node = running
  log.info({ clientPort: place.clientPort, linkPort: place.linkPort }, 'the node is up')
  const stop = async (): Promise<void> => {
    setTimeout(() => fail(new Error(`not closed within ${CLOSE_MS} ms`)), CLOSE_MS).unref()
    await running.close()
    await status.close()
    log.info({}, 'the node has stopped')
    process.exit(0)
  }
  process.once('SIGTERM', () => void stop())
  process.once('SIGINT', () => void stop())
}

main().catch((error: unknown) => {
  process.stderr.write(`${textOf(error)}\n`)
  process.exit(1)
})
