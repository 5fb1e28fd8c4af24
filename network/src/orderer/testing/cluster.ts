/** Real orderers with real keys and disks in one process, over links in memory. For tests. */
import { createHash, createPublicKey, randomBytes, X509Certificate } from 'node:crypto'
import { cp, mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { common } from '@hyperledger/fabric-protos'
import type { Timeouts } from '../../consensus/index.ts'
import { createRoot } from '../../msp/authority/certificates.ts'
import { createSigner } from '../../msp/index.ts'
import { verifyBlock, verifyLink, type ChannelTrust } from '../../proof/index.ts'
import { readBlock } from '../block.ts'
import { digestOf, headerBytes } from '../digests.ts'
import { openOrderer, type Orderer, type OrderingConfig } from '../index.ts'

const CHANNEL = 'scf'

export interface Member {
  readonly id: number
  readonly directory: string
  readonly signer: ReturnType<typeof createSigner>
  readonly ledger: Uint8Array[]
  orderer: Orderer | undefined
  /** Envelopes in the ledger. */
  ordered: number
  readonly faults: Error[]
}

export interface ClusterOptions {
  readonly directory: string
  readonly size?: number
  readonly timeouts?: Partial<Timeouts>
  readonly batchCount?: number
  readonly logBytesMax?: number
}

export class Cluster {
  readonly members: Member[] = []
  readonly config: OrderingConfig
  readonly trust: ChannelTrust
  /** Frames on a link may be dropped or changed. */
  tamper: (from: number, to: number, frame: Uint8Array) => Uint8Array | undefined = (
    _f,
    _t,
    frame,
  ) => frame
  private readonly options: ClusterOptions

  private constructor(config: OrderingConfig, trust: ChannelTrust, options: ClusterOptions) {
    this.config = config
    this.trust = trust
    this.options = options
  }

  static async open(options: ClusterOptions): Promise<Cluster> {
    const size = options.size ?? 4
    const ids = Array.from({ length: size }, (_, index) => index + 1)
    const keys = await Promise.all(ids.map(id => createRoot({ commonName: `orderer${id}` }, 30)))
    const genesis = genesisBlock()
    const consenters = ids.map((id, index) => {
      return { id, mspId: `Org${id}MSP`, identityPem: keys[index]!.certificatePem }
    })
    const batch = {
      maxMessageCount: options.batchCount ?? 100,
      absoluteMaxBytes: 4 * 1024 * 1024,
      preferredMaxBytes: 1024 * 1024,
    }
    const config = { channelId: CHANNEL, blockNumber: 0, consenters, batch }
    const cluster = new Cluster(config, trustOf(config), options)
    for (const [index, id] of ids.entries()) {
      const directory = path.join(options.directory, `orderer${id}`)
      await mkdir(directory, { recursive: true })
      const { certificatePem, privateKeyPem } = keys[index]!
      const signer = createSigner({ mspId: `Org${id}MSP`, certificatePem, privateKeyPem })
      cluster.members.push({
        id,
        directory,
        signer,
        ledger: [genesis],
        orderer: undefined,
        ordered: 0,
        faults: [],
      })
    }
    for (const member of cluster.members) await cluster.start(member)
    return cluster
  }

  async start(member: Member): Promise<void> {
    const { ledger } = member
    const orderer = await openOrderer({
      config: this.config,
      consenterId: member.id,
      signer: member.signer,
      directory: member.directory,
      lastBlock: ledger[ledger.length - 1]!,
      readBlock: number => ledger[number],
      inspect: envelope => {
        const isBad = Buffer.from(envelope).includes('forged')
        return Promise.resolve(
          isBad ? { ok: false, code: 'FORGED', message: 'forged' } : { ok: true },
        )
      },
      timeouts: this.options.timeouts ?? {},
      logBytesMax: this.options.logBytesMax ?? 1e9,
      links: {
        send: (to, frame) => this.send(member, to, frame),
        fetchBlocks: (from, first, last) => {
          const source = this.members.find(({ id }) => id === from)
          if (!source?.orderer) return Promise.reject(new Error('down'))
          return Promise.resolve(source.ledger.slice(first, last + 1))
        },
      },
    })
    member.orderer = orderer
    orderer.onFault(fault => void member.faults.push(fault))
    orderer.onBlock(block => {
      if (member.orderer === orderer) {
        ledger.push(block)
        member.ordered += readBlock(block, 0).block.digests.length
      }
      return Promise.resolve()
    })
  }

  private send(from: Member, to: number, frame: Uint8Array): void {
    const target = this.members.find(({ id }) => id === to)
    const sender = from.orderer
    const sent = this.tamper(from.id, to, frame)
    setImmediate(() => {
      if (sent && from.orderer === sender) target?.orderer?.receive(from.id, sent)
    })
  }

  /** As kill -9 leaves it: the vote log as it stands on disk now, everything in memory lost. */
  async kill(member: Member): Promise<void> {
    const { orderer, directory } = member
    member.orderer = undefined
    // A log about to replace the present one is not part of the image until it is renamed.
    const filter = (source: string): boolean => !source.endsWith('.new')
    await cp(directory, `${directory}.image`, { recursive: true, filter })
    await orderer?.close()
    await rm(directory, { recursive: true })
    await cp(`${directory}.image`, directory, { recursive: true })
  }

  submitToAll(envelope: Uint8Array): Promise<unknown> {
    const live = this.members.flatMap(({ orderer }) => orderer ?? [])
    return Promise.all(live.map(orderer => orderer.submit(envelope)))
  }

  async close(): Promise<void> {
    for (const member of this.members) {
      await member.orderer?.close()
      member.orderer = undefined
    }
  }

  hashOf(block: Uint8Array): string {
    return readBlock(block, 0).block.hash
  }

  /** Envelopes a member's ledger holds; every block is proven with the public verifier. */
  verify(member: Member): string[] {
    const envelopes: string[] = []
    let before: ReturnType<typeof verifyBlock> | undefined
    for (const bytes of member.ledger) {
      const verdict = verifyBlock(bytes, this.trust)
      if (!verdict.ok) throw new Error(`${verdict.code}: ${verdict.detail}`)
      if (before?.ok && !verifyLink(before.value, verdict.value).ok) throw new Error('broken link')
      before = verdict
      if (verdict.value.number === 0n) continue
      envelopes.push(...verdict.value.envelopes.map(digestOf))
    }
    return envelopes
  }
}

export function envelopeOf(text: string, bytes = 0, isSigned = true): Uint8Array {
  const channel = new common.ChannelHeader()
  channel.setChannelId(CHANNEL)
  channel.setType(common.HeaderType.ENDORSER_TRANSACTION)
  channel.setTxId(createHash('sha256').update(text).digest('hex'))
  const header = new common.Header()
  header.setChannelHeader(channel.serializeBinary())
  const payload = new common.Payload()
  payload.setHeader(header)
  payload.setData(Buffer.concat([Buffer.from(text), randomBytes(bytes)]))
  const envelope = new common.Envelope()
  envelope.setPayload(payload.serializeBinary())
  if (isSigned) envelope.setSignature(Buffer.from(`signature of ${text}`))
  return envelope.serializeBinary()
}

function genesisBlock(): Uint8Array {
  const envelope = envelopeOf('genesis', 0, false)
  const block = new common.Block()
  const header = new common.BlockHeader()
  header.setDataHash(createHash('sha256').update(envelope).digest())
  block.setHeader(header)
  const entries = new common.BlockData()
  entries.setDataList([envelope])
  block.setData(entries)
  const metadata = new common.BlockMetadata()
  const slots = new Array<Uint8Array>(5).fill(new Uint8Array(0))
  slots[0] = Uint8Array.of(0x0a, 0x02, 0x0a, 0x00)
  metadata.setMetadataList(slots)
  block.setMetadata(metadata)
  return block.serializeBinary()
}

function trustOf(config: OrderingConfig): ChannelTrust {
  const batch = createHash('sha256')
    .update(envelopeOf('genesis', 0, false))
    .digest('hex')
  const consenters = config.consenters.map(({ id, mspId, identityPem }) => {
    const key = createPublicKey(
      new X509Certificate(identityPem).publicKey.export({ type: 'spki', format: 'pem' }),
    )
    const point = key.export({ type: 'spki', format: 'der' }).subarray(-65)
    return [id, { id, mspId, publicKey: { curve: 'P-256', point } }] as const
  })
  return {
    channelId: CHANNEL,
    configBlockHash: digestOf(headerBytes({ height: 0, previous: '', batch })),
    configBlockNumber: 0,
    quorum: Math.ceil(
      (config.consenters.length + Math.floor((config.consenters.length - 1) / 3) + 1) / 2,
    ),
    consenters: new Map(consenters),
    organizations: new Map(),
  }
}

/** Polls until the claim holds; fails loudly when it does not in time. */
export async function until(claim: () => boolean, what: string, withinMs = 15_000): Promise<void> {
  const deadline = performance.now() + withinMs
  while (!claim()) {
    if (performance.now() > deadline) throw new Error(`not in time: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}
