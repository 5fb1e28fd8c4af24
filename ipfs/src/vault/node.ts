/**
 * The one module that talks to an IPFS node. `ipfs-http-client` and its successor
 * `kubo-rpc-client` share this surface, so changing over means changing one import here
 * (docs/adr/0004-ipfs-client.md).
 */
import { CID, create } from 'ipfs-http-client'
import { VaultFault } from './faults.ts'
import type { ByteSource } from './segments.ts'

export interface IpfsNode {
  /** Stores and pins a stream; answers its content address (CIDv1) and the number of bytes stored. */
  add(source: ByteSource): Promise<{ cid: string; bytes: number }>
  cat(cid: string): AsyncIterable<Uint8Array>
  unpin(cid: string): Promise<void>
  isPinned(cid: string): Promise<boolean>
  /** Name and version of the node that answers, for the status page. */
  version(): Promise<string>
}

async function reach<T>(apiUrl: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    if (error instanceof VaultFault) throw error
    throw new VaultFault('VAULT_UNREACHABLE', { apiUrl, why: messageOf(error) })
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** `apiUrl` is the address of the node's RPC, for example http://127.0.0.1:5001. */
export function connectIpfs(apiUrl: string): IpfsNode {
  const client = create({ url: apiUrl })
  return {
    async add(source) {
      let bytes = 0
      async function* counted(): AsyncGenerator<Uint8Array> {
        for await (const piece of source) {
          bytes += piece.length
          yield piece
        }
      }
      return await reach(apiUrl, async () => {
        const added = await client.add(counted(), { cidVersion: 1, rawLeaves: true, pin: true })
        return { cid: added.cid.toString(), bytes }
      })
    },
    async *cat(cid) {
      const pieces: AsyncIterator<Uint8Array> = client.cat(CID.parse(cid))[Symbol.asyncIterator]()
      for (;;) {
        const next = await reach(apiUrl, () => pieces.next())
        if (next.done) return
        yield next.value
      }
    },
    async unpin(cid) {
      await reach(apiUrl, () => client.pin.rm(CID.parse(cid)))
    },
    async isPinned(cid) {
      return await reach(apiUrl, async () => {
        try {
          for await (const pin of client.pin.ls({ paths: [CID.parse(cid)] })) {
            if (pin.cid.toString() === cid) return true
          }
          return false
        } catch (error) {
          if (/is not pinned/.test(messageOf(error))) return false
          throw error
        }
      })
    },
    async version() {
      return await reach(apiUrl, async () => (await client.version()).version)
    },
  }
}
