/** The RPC calls the embedded node answers, each as Kubo does; docs/reference/ipfs-rpc.md lists them. */
import * as dagCbor from '@ipld/dag-cbor'
import * as dagJson from '@ipld/dag-json'
import * as dagPb from '@ipld/dag-pb'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { balanced } from 'ipfs-unixfs-importer/layout'
import { importByteStream, type ImporterOptions } from 'ipfs-unixfs-importer'
import { exporter } from 'ipfs-unixfs-exporter'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { sha256 } from 'multiformats/hashes/sha2'
import { argumentCid, eachPart, parseCid, RpcFault, sendJson, type RpcRoute } from './http.ts'
import type { BlockStorage } from './store.ts'

const BLOCK_BYTES_MAX = 2 * 1024 * 1024
const CHUNK_BYTES = 262_144
const CHILDREN_MAX = 174

interface Codec {
  readonly name: string
  readonly code: number
  encode(value: never): Uint8Array
  decode(bytes: Uint8Array): unknown
}
const CODECS = [raw, dagPb, dagCbor, dagJson] as unknown as readonly Codec[]

function codecNamed(name: string): Codec {
  const aliases: Record<string, string> = { cbor: 'dag-cbor', protobuf: 'dag-pb' }
  const codec = CODECS.find(entry => entry.name === (aliases[name] ?? name))
  if (!codec) throw new RpcFault(`unrecognized codec: ${name}`)
  return codec
}

/** The layout that gives the same addresses as `ipfs add` of Kubo, for both CID versions. */
function importOptions(query: URLSearchParams): ImporterOptions {
  const cidVersion = query.get('cid-version') === '1' ? 1 : 0
  const rawLeaves = (query.get('raw-leaves') ?? (cidVersion === 1 ? 'true' : 'false')) === 'true'
  return {
    cidVersion,
    rawLeaves,
    leafType: 'file',
    reduceSingleLeafToSelf: true,
    chunker: fixedSize({ chunkSize: CHUNK_BYTES }),
    layout: balanced({ maxChildrenPerNode: CHILDREN_MAX }),
  }
}

async function readBlock(storage: BlockStorage, cid: CID): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  try {
    for await (const piece of storage.blocks.get(cid)) pieces.push(piece)
  } catch {
    throw new RpcFault(
      `block was not found locally (offline): ipld: could not find ${cid.toString()}`,
    )
  }
  return Buffer.concat(pieces)
}

const add: RpcRoute = async ({ request, response, query, storage }) => {
  const answers: string[] = []
  const parts = await eachPart(request, async (name, content) => {
    const { sink, sync } = storage.recorder()
    const { cid, size } = await importByteStream(content, sink, importOptions(query))
    await sync()
    if (query.get('pin') !== 'false') await storage.pin(cid)
    const address = cid.toString()
    answers.push(JSON.stringify({ Name: name || address, Hash: address, Size: size.toString() }))
  })
  if (parts === 0) throw new RpcFault("file argument 'path' is required", 400)
  response.setHeader('content-type', 'application/json')
  response.end(`${answers.join('\n')}\n`)
}

const cat: RpcRoute = async ({ response, query, storage }) => {
  const cid = argumentCid(query)
  await readBlock(storage, cid)
  const entry = await exporter(cid, storage.blocks)
  if (entry.type !== 'file' && entry.type !== 'raw')
    throw new RpcFault('this dag node is a directory')
  response.setHeader('content-type', 'text/plain')
  response.setHeader('x-stream-output', '1')
  for await (const piece of entry.content()) {
    if (!response.write(piece)) await new Promise(resume => response.once('drain', resume))
  }
  response.end()
}

const pinAdd: RpcRoute = async ({ response, query, storage }) => {
  const cid = argumentCid(query)
  await readBlock(storage, cid)
  await storage.pin(cid)
  sendJson(response, { Pins: [cid.toString()] })
}

const pinRemove: RpcRoute = async ({ response, query, storage }) => {
  const cid = argumentCid(query)
  if (!(await storage.unpin(cid))) throw new RpcFault('not pinned or pinned indirectly')
  sendJson(response, { Pins: [cid.toString()] })
}

const pinList: RpcRoute = async ({ response, query, storage }) => {
  const asked = query
    .getAll('arg')
    .filter(text => text.length > 0)
    .map(parseCid)
  for (const cid of asked) {
    if (!(await storage.isPinned(cid))) throw new RpcFault(`path '${cid.toString()}' is not pinned`)
  }
  const listed = asked.length > 0 ? asked : await storage.pins()
  if (query.get('stream') === 'true') {
    response.setHeader('content-type', 'application/json')
    for (const cid of listed)
      response.write(`${JSON.stringify({ Cid: cid.toString(), Type: 'recursive' })}\n`)
    response.end()
    return
  }
  sendJson(response, {
    Keys: Object.fromEntries(listed.map(cid => [cid.toString(), { Type: 'recursive' }])),
  })
}

/** Reads the single body part of a put call, refusing what is larger than a block may be. */
async function bodyBytes(call: Parameters<RpcRoute>[0]): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  const parts = await eachPart(call.request, async (_name, content) => {
    for await (const piece of content) {
      bytes += piece.length
      if (bytes > BLOCK_BYTES_MAX) throw new RpcFault('produced block is over 1MiB', 400)
      pieces.push(piece)
    }
  })
  if (parts === 0) throw new RpcFault("file argument 'data' is required", 400)
  return Buffer.concat(pieces)
}

async function storeBlock(storage: BlockStorage, codec: Codec, bytes: Uint8Array): Promise<CID> {
  const cid = CID.createV1(codec.code, await sha256.digest(bytes))
  const { sink, sync } = storage.recorder()
  await sink.put(cid, bytes)
  await sync()
  return cid
}

const blockPut: RpcRoute = async call => {
  const format = call.query.get('cid-codec') ?? call.query.get('format') ?? 'raw'
  const bytes = await bodyBytes(call)
  const v0 = format === 'v0'
  const stored = await storeBlock(call.storage, codecNamed(v0 ? 'dag-pb' : format), bytes)
  if (call.query.get('pin') === 'true') await call.storage.pin(stored)
  sendJson(call.response, { Key: (v0 ? stored.toV0() : stored).toString(), Size: bytes.length })
}

const blockGet: RpcRoute = async ({ response, query, storage }) => {
  const bytes = await readBlock(storage, argumentCid(query))
  response.setHeader('content-type', 'application/vnd.ipld.raw')
  response.end(bytes)
}

const blockStat: RpcRoute = async ({ response, query, storage }) => {
  const cid = argumentCid(query)
  sendJson(response, { Key: cid.toString(), Size: (await readBlock(storage, cid)).length })
}

const dagPut: RpcRoute = async call => {
  const input = codecNamed(call.query.get('input-codec') ?? 'dag-json')
  const store = codecNamed(call.query.get('store-codec') ?? 'dag-cbor')
  const body = await bodyBytes(call)
  let bytes: Uint8Array
  try {
    bytes = store.encode(input.decode(body) as never)
  } catch (error) {
    throw new RpcFault(`cannot decode ${input.name}: ${(error as Error).message}`)
  }
  const cid = await storeBlock(call.storage, store, bytes)
  if (call.query.get('pin') !== 'false') await call.storage.pin(cid)
  sendJson(call.response, { Cid: { '/': cid.toString() } })
}

const dagGet: RpcRoute = async ({ response, query, storage }) => {
  const cid = argumentCid(query)
  const bytes = await readBlock(storage, cid)
  const codec = CODECS.find(entry => entry.code === cid.code)
  if (!codec) throw new RpcFault(`no decoder for codec 0x${cid.code.toString(16)}`)
  const output = codecNamed(query.get('output-codec') ?? 'dag-json')
  response.setHeader('content-type', `application/vnd.ipld.${output.name}`)
  response.end(output === codec ? bytes : output.encode(codec.decode(bytes) as never))
}

const version: RpcRoute = async ({ response }) => {
  sendJson(response, {
    Version: '0.43.0-triflow-embedded',
    Commit: '',
    Repo: '1',
    System: 'node',
    Golang: '',
  })
}

const id: RpcRoute = async ({ response, storage }) => {
  sendJson(response, {
    ID: storage.peerId,
    PublicKey: '',
    Addresses: [],
    AgentVersion: 'triflow-embedded/0.1.0',
    Protocols: [],
  })
}

export const ROUTES: Readonly<Record<string, RpcRoute>> = {
  add,
  cat,
  'pin/add': pinAdd,
  'pin/rm': pinRemove,
  'pin/ls': pinList,
  'block/put': blockPut,
  'block/get': blockGet,
  'block/stat': blockStat,
  'dag/put': dagPut,
  'dag/get': dagGet,
  version,
  id,
}
