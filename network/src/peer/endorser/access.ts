import {
  type ChannelConfig,
  compileChannelPolicy,
  type CompiledPolicy,
  hasExpired,
  type Identity,
  isMspFault,
  type Msp,
} from '../../msp/index.ts'

export const WRITERS = '/Channel/Application/Writers'
export const READERS = '/Channel/Application/Readers'

/** Policies compiled once per configuration; a new configuration is a new object. */
const compiled = new WeakMap<ChannelConfig, Map<string, CompiledPolicy>>()

export function channelPolicy(config: ChannelConfig, path: string): CompiledPolicy {
  let policies = compiled.get(config)
  if (!policies) {
    policies = new Map()
    compiled.set(config, policies)
  }
  let policy = policies.get(path)
  if (!policy) {
    policy = compileChannelPolicy(config, path)
    policies.set(path, policy)
  }
  return policy
}

export interface SignedRequest {
  readonly creator: Uint8Array
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

export type Authentication =
  | { readonly ok: true; readonly identity: Identity }
  | {
      readonly ok: false
      readonly why: 'unknown' | 'expired' | 'signature'
      readonly mspId: string
    }

/** Whether the creator is a valid, unexpired identity and signed the message. */
export async function authenticate(
  msp: Msp,
  request: SignedRequest,
  nowMs: number,
): Promise<Authentication> {
  const identity = msp.identify(request.creator)
  if (isMspFault(identity)) return { ok: false, why: 'unknown', mspId: '' }
  const { mspId } = identity
  if (hasExpired(identity, nowMs)) return { ok: false, why: 'expired', mspId }
  const signed = await msp.verify(identity, request.message, request.signature)
  return signed ? { ok: true, identity } : { ok: false, why: 'signature', mspId }
}

export const satisfies = (config: ChannelConfig, path: string, identity: Identity): boolean =>
  channelPolicy(config, path).evaluate([identity])

/** The text of the original for a policy that is not met. */
export const policyRefusal = (channelId: string, path: string): string =>
  `failed evaluating policy on signed data during check policy on channel [${channelId}] with policy [${path}]: [implicit policy evaluation failed - 0 sub-policies were satisfied, but this policy requires 1 of the '${path.split('/').at(-1)}' sub-policies to be satisfied]`
