/**
 * The gateway of one organisation: the service between people and the ledger.
 *
 * Purpose: REST for the portals and for programs (api), a read model of what the organisation may see
 * (projector), and the work that goes on without a request (worker); one process plays all three or each.
 *
 * May import: `@triflow/chaincode/model`, `@triflow/ipfs`, and of the network only `@triflow/network/proof` and
 * `@triflow/network/message-bounds`. It speaks to a ledger through `platform/ledger` alone and cannot tell which
 * one it is.
 *
 * Invariants:
 * 1. A transaction’s bytes are stored before they are sent; an unknown outcome is asked for, never guessed.
 * 2. A write happens at most once for its Idempotency-Key.
 * 3. A user sees and touches only what its member is a party to.
 * 4. Private values leave the process only towards the endorsers that the operation names.
 * 5. Configuration is read once, here.
 */
import { ConfigFault, readConfig } from './platform/config.ts'
import { startGateway } from './process.ts'

async function main(): Promise<void> {
  const gateway = await startGateway(readConfig(process.argv.slice(2)))
  const stop = (): void => {
    gateway.close().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  process.stdout.write(`${JSON.stringify({ ready: true, port: gateway.port })}\n`)
}

main().catch((error: unknown) => {
  const line =
    error instanceof ConfigFault ? error.message : String((error as Error).stack ?? error)
  process.stderr.write(`gateway cannot start: ${line}\n`)
  process.exit(1)
})
