// What nodes ask each other over their links, and how the bytes are laid out.
import { z } from 'zod'
import { FrameFault } from '../links/frames.ts'

/** Numbers on the wire: never reuse one. */
export const METHOD = {
  /** channel, envelope -> outcome as JSON. For ordering nodes. */
  submit: 1,
  /** SignedProposal -> ProposalResponse. For peers. */
  endorse: 2,
  pushPrivate: 3,
  pullPrivate: 4,
  /** channel, first, last -> blocks, at least the first unless it is not there. */
  blocks: 5,
  /** channel, first -> blocks from there on, after a wait if there is none yet. */
  nextBlocks: 6,
} as const

/** A channel name before other bytes: one byte of length, then the name. */
export function withChannel(channelId: string): Buffer {
  const name = Buffer.from(channelId, 'utf8')
  return Buffer.concat([Buffer.from([name.length]), name])
}

export interface ChannelBytes {
  channelId: string
  body: Uint8Array
}

/** The inverse of `withChannel`. Throws `FrameFault` FRAME_MALFORMED. */
export function readChannelBytes(payload: Uint8Array): ChannelBytes {
  const length = payload[0] ?? 255
  if (payload.length < 1 + length) throw new FrameFault('FRAME_MALFORMED', 'no channel name')
  const channelId = Buffer.from(payload.subarray(1, 1 + length)).toString('utf8')
  return { channelId, body: payload.subarray(1 + length) }
}

/** Block numbers as 8-byte integers. */
export function writeNumbers(...numbers: number[]): Buffer {
  const bytes = Buffer.alloc(8 * numbers.length)
  numbers.forEach((number, index) => bytes.writeBigUInt64BE(BigInt(number), 8 * index))
  return bytes
}

/** Throws `FrameFault` FRAME_MALFORMED when there are not exactly `count`, or one is not a safe integer. */
export function readNumbers(bytes: Uint8Array, count: number): number[] {
  if (bytes.length !== 8 * count)
    throw new FrameFault('FRAME_MALFORMED', `${bytes.length} bytes for ${count} numbers`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: count }, (_, index) => {
    const number = Number(view.getBigUint64(8 * index))
    if (!Number.isSafeInteger(number))
      throw new FrameFault('FRAME_MALFORMED', `${number} is not a block number`)
    return number
  })
}

const statusSchema = z.record(
  z.string().max(249),
  z.object({
    height: z.int().min(0),
    chaincodes: z.array(z.string().max(64)).max(1_000),
  }),
)

/** What a node tells the others about its channels, by channel. */
export type NodeStatus = z.output<typeof statusSchema>

export function writeStatus(status: NodeStatus): Buffer {
  return Buffer.from(JSON.stringify(status))
}

const STATUS_BYTES_MAX = 1024 * 1024

/** Undefined when the bytes are not a status. */
export function readStatus(bytes: Uint8Array): NodeStatus | undefined {
  if (bytes.length > STATUS_BYTES_MAX) return undefined
  try {
    return statusSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')))
  } catch {
    return undefined
  }
}

export type SubmitAnswer =
  { outcome: 'accepted' | 'duplicate' } | { outcome: 'refused'; code: string; message: string }

const OUTCOMES = ['accepted', 'duplicate', 'refused'] as const
const refusalSchema = z.object({ code: z.string(), message: z.string() })

/** One byte, and for a refusal its reason as JSON. */
export function writeOutcome(answer: SubmitAnswer): Buffer {
  const head = Buffer.from([OUTCOMES.indexOf(answer.outcome)])
  if (answer.outcome !== 'refused') return head
  const { code, message } = answer
  return Buffer.concat([head, Buffer.from(JSON.stringify({ code, message }))])
}

/** Throws when the bytes are not an outcome. */
export function readOutcome(bytes: Uint8Array): SubmitAnswer {
  const outcome = OUTCOMES[bytes[0] ?? 255]
  if (outcome === undefined) throw new FrameFault('FRAME_MALFORMED', 'not an outcome')
  if (outcome !== 'refused') return { outcome }
  const reason: unknown = JSON.parse(Buffer.from(bytes.subarray(1)).toString('utf8'))
  return { outcome, ...refusalSchema.parse(reason) }
}
