/** Reads. Any organisation's peer would answer a private read, so the contract itself refuses strangers. */
import { Contract } from 'fabric-contract-api'
import type { Context } from 'fabric-contract-api'
import { collectionOf, parseKey, refuse } from '../model/index.ts'
import { mspId, object, parse, text } from '../model/shape.ts'
import { callerOf } from './caller.ts'

const keyShape = object({ key: text(80) })
const commitmentShape = object({ key: text(80), mspId })

const requireKey = (key: string): string => {
  const { kind, id } = parseKey(key) ?? refuse('REQUEST_MALFORMED', { path: 'key' })
  return kind === undefined ? refuse('REQUEST_MALFORMED', { path: id }) : key
}
const found = (key: string, value: Uint8Array): Uint8Array =>
  value.length === 0 ? refuse('RECORD_UNKNOWN', { key }) : value

export class RecordsContract extends Contract {
  constructor() {
    super('records')
  }

  async state(ctx: Context, request: string): Promise<string> {
    callerOf(ctx)
    const key = requireKey(parse(keyShape, request).key)
    return new TextDecoder().decode(found(key, await ctx.stub.getState(key)))
  }

  /** The peer's organisation is what its operator set (CORE_PEER_LOCALMSPID), not what a client says. */
  async privateValue(ctx: Context, request: string): Promise<string> {
    const caller = callerOf(ctx)
    const key = requireKey(parse(keyShape, request).key)
    if (caller.mspId !== ctx.stub.getMspID()) refuse('FOREIGN_PEER')
    const value = await ctx.stub.getPrivateData(collectionOf(caller.mspId), key)
    return new TextDecoder().decode(found(key, value))
  }

  async commitment(ctx: Context, request: string): Promise<string> {
    callerOf(ctx)
    const { key, mspId: owner } = parse(commitmentShape, request)
    const hash = found(key, await ctx.stub.getPrivateDataHash(collectionOf(owner), requireKey(key)))
    return Array.from(hash, byte => byte.toString(16).padStart(2, '0')).join('')
  }
}
