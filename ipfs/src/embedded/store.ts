/**
 * Blocks and pins of the embedded node, on the file system. Nothing is acknowledged before it is
 * on disk: the block store writes files, and `sync` flushes those written by one request.
 */
import { randomBytes } from 'node:crypto'
import { open, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { FsBlockstore } from 'blockstore-fs'
import { NextToLast } from 'blockstore-fs/sharding'
import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'

export type BlockSink = Pick<FsBlockstore, 'put' | 'get'>

export interface BlockStorage {
  /** A stable name in the form of a libp2p peer id (identity multihash of an Ed25519 key). */
  readonly peerId: string
  readonly blocks: FsBlockstore
  /** A sink that remembers what it wrote, so that `sync` can flush exactly that. */
  recorder(): { sink: BlockSink; sync: () => Promise<void> }
  pin(cid: CID): Promise<void>
  unpin(cid: CID): Promise<boolean>
  isPinned(cid: CID): Promise<boolean>
  pins(): Promise<CID[]>
}

async function flush(file: string): Promise<void> {
  const handle = await open(file, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Pins are compared by content, whatever version their address is written in. */
function pinName(cid: CID): string {
  return cid.toV1().toString()
}

async function readPeerId(directory: string): Promise<string> {
  const file = path.join(directory, 'identity')
  try {
    return await readFile(file, 'utf8')
  } catch {
    // 0x00 0x24: identity multihash of 36 bytes; 08 01 12 20: protobuf {type: Ed25519, data: 32 bytes}.
    const bytes = Buffer.concat([Buffer.from('002408011220', 'hex'), randomBytes(32)])
    const peerId = base58btc.encode(bytes).slice(1)
    await writeFile(file, peerId)
    return peerId
  }
}

export async function openBlockStorage(directory: string): Promise<BlockStorage> {
  const sharding = new NextToLast()
  const folder = path.join(directory, 'blocks')
  const pinFolder = path.join(directory, 'pins')
  await mkdir(pinFolder, { recursive: true })
  const blocks = new FsBlockstore(folder, { shardingStrategy: sharding })
  await blocks.open()
  const pinned = new Set(await readdir(pinFolder))

  return {
    peerId: await readPeerId(directory),
    blocks,
    recorder() {
      const files = new Set<string>()
      const folders = new Set<string>()
      return {
        sink: {
          put: async (cid, value, options) => {
            const place = sharding.encode(cid)
            folders.add(path.join(folder, place.dir))
            files.add(path.join(folder, place.dir, place.file))
            return await blocks.put(cid, value, options)
          },
          get: (cid, options) => blocks.get(cid, options),
        },
        sync: async () => {
          await Promise.all([...files].map(flush))
          await Promise.all([...folders].map(flush))
        },
      }
    },
    async pin(cid) {
      const name = pinName(cid)
      if (pinned.has(name)) return
      const file = path.join(pinFolder, name)
      await writeFile(file, cid.toString())
      await flush(file)
      pinned.add(name)
    },
    async unpin(cid) {
      const name = pinName(cid)
      if (!pinned.delete(name)) return false
      await rm(path.join(pinFolder, name), { force: true })
      return true
    },
    isPinned: cid => Promise.resolve(pinned.has(pinName(cid))),
    pins: () => Promise.resolve([...pinned].map(name => CID.parse(name))),
  }
}
