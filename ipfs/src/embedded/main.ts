/** Process entry of the embedded node: IPFS_DIRECTORY and IPFS_PORT say where. */
import { startEmbeddedIpfs } from './server.ts'

const { IPFS_DIRECTORY: directory, IPFS_PORT: port } = process.env
if (!directory || !port) {
  process.stderr.write(
    'Set IPFS_DIRECTORY (where blocks are kept) and IPFS_PORT (where to listen).\n',
  )
  process.exit(2)
}
const node = await startEmbeddedIpfs({ directory, port: Number(port) })
process.stdout.write(`${JSON.stringify({ ready: true, apiUrl: node.apiUrl })}\n`)
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void node.close().then(() => process.exit(0)))
}
