/**
 * The embedded IPFS node: Kubo's HTTP RPC for the calls the vault and ordinary clients make, on the
 * local file system and without peers. Its limit is said openly: content lives on this machine only.
 * Production points IPFS_API at Kubo; addresses are the same there.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { RpcFault, sendFault } from './http.ts'
import { ROUTES } from './routes.ts'
import { openBlockStorage, type BlockStorage } from './store.ts'

export interface EmbeddedIpfs {
  readonly apiUrl: string
  close(): Promise<void>
}

export interface EmbeddedIpfsOptions {
  readonly directory: string
  /** 0 lets the system choose. */
  readonly port?: number
}

async function answer(
  storage: BlockStorage,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // As Kubo does: RPC is POST only, and a browser page of another origin may not call it.
  if (request.method !== 'POST') throw new RpcFault('405 - Method Not Allowed', 405)
  if (request.headers.origin) throw new RpcFault('403 - Forbidden', 403)
  const url = new URL(request.url ?? '/', 'http://localhost')
  const route = url.pathname.startsWith('/api/v0/') && ROUTES[url.pathname.slice('/api/v0/'.length)]
  if (!route) throw new RpcFault('404 page not found', 404)
  await route({ request, response, query: url.searchParams, storage })
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

export async function startEmbeddedIpfs({
  directory,
  port = 0,
}: EmbeddedIpfsOptions): Promise<EmbeddedIpfs> {
  const storage = await openBlockStorage(directory)
  const server = createServer((request, response) => {
    answer(storage, request, response).catch((error: unknown) => {
      const fault = error instanceof RpcFault ? error : new RpcFault((error as Error).message)
      request.resume()
      sendFault(response, fault)
    })
  })
  const bound = await listen(server, port)
  return {
    apiUrl: `http://127.0.0.1:${bound}`,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
