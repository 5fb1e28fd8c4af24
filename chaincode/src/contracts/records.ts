/** Reads. Any organisation's peer would answer a private read, so the contract itself refuses strangers. */
import type { Context } from 'fabric-contract-api'
import { collectionOf, parseKey, refuse } from '../model/index.ts'
import { mspId, object, parse, text as textShape } from '../model/shape.ts'
import { callerOf } from './caller.ts'
import { contractOf } from './contract.ts'

const keyShape = object({ key: textShape(80) })
const commitmentShape = object({ key: textShape(80), mspId })

const requireKey = (key: string): string => {
  const { kind, id } = parseKey(key) ?? refuse('REQUEST_MALFORMED', { path: 'key' })
  return kind === undefined ? refuse('REQUEST_MALFORMED', { path: id }) : key
}
const found = (key: string, value: Uint8Array): Uint8Array =>
  value.length === 0 ? refuse('RECORD_UNKNOWN', { key }) : value

const state = async (ctx: Context, text: string): Promise<string> => {
  callerOf(ctx)
  const key = requireKey(parse(keyShape, text).key)
  return new TextDecoder().decode(found(key, await ctx.stub.getState(key)))
}

/** The peer's organisation is what its operator set (CORE_PEER_LOCALMSPID), not what a client says. */
const privateValue = async (ctx: Context, text: string): Promise<string> => {
  const caller = callerOf(ctx)
  const key = requireKey(parse(keyShape, text).key)
  if (caller.mspId !== ctx.stub.getMspID()) refuse('FOREIGN_PEER')
  const value = await ctx.stub.getPrivateData(collectionOf(caller.mspId), key)
  return new TextDecoder().decode(found(key, value))
}

const commitment = async (ctx: Context, text: string): Promise<string> => {
  callerOf(ctx)
  const { key, mspId: owner } = parse(commitmentShape, text)
  const hash = found(key, await ctx.stub.getPrivateDataHash(collectionOf(owner), requireKey(key)))
  return Array.from(hash, byte => byte.toString(16).padStart(2, '0')).join('')
}

export const RecordsContract = contractOf('records', {
  state: () => state,
  privateValue: () => privateValue,
  commitment: () => commitment,
})
