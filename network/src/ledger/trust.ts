import {
  compileApplicationPolicy,
  compileChannelPolicy,
  compilePolicy,
  isMspFault,
  signedByRole,
  type ChannelConfig,
  type CompiledPolicy,
  type Identity,
  type Msp,
} from '../msp/index.ts'
import { hashText } from './rules/updates.ts'
import type { TrustPort } from './types.ts'

const CACHE_MAX = 4_096

/** Policies repeat from key to key; compiled ones are kept, the oldest dropped. */
const cached = (
  compile: (bytes: Uint8Array) => CompiledPolicy | undefined,
): ((bytes: Uint8Array) => CompiledPolicy | undefined) => {
  const known = new Map<string, CompiledPolicy | undefined>()
  return bytes => {
    const name = hashText(bytes)
    if (known.has(name)) return known.get(name)
    const compiled = compile(bytes)
    if (known.size >= CACHE_MAX) known.delete(known.keys().next().value as string)
    known.set(name, compiled)
    return compiled
  }
}

/** Policies come from transactions, so from strangers: what does not compile is no policy. */
const orNone = (compile: () => CompiledPolicy | undefined): CompiledPolicy | undefined => {
  try {
    return compile()
  } catch {
    return undefined
  }
}

/** Joins a channel's membership service and configuration to what validation asks. */
export const trustOf = (msp: Msp, config: ChannelConfig): TrustPort<Identity> => {
  const organizationPolicies = new Map<string, CompiledPolicy | undefined>()
  for (const [mspId, organization] of config.organizations) {
    const path = `${organization.path}/Endorsement`
    const policy = config.policies.has(path)
      ? orNone(() => compileChannelPolicy(config, path))
      : // As Fabric: without such a policy any member of the organisation will do.
        compilePolicy(signedByRole('member', [mspId]))
    organizationPolicies.set(mspId, policy)
  }
  return {
    identify: bytes => {
      const identity = msp.identify(bytes)
      return isMspFault(identity) ? undefined : identity
    },
    verify: (identity, message, signature) => msp.verify(identity, message, signature),
    signaturePolicy: cached(bytes => orNone(() => compilePolicy(bytes))),
    applicationPolicy: cached(bytes => orNone(() => compileApplicationPolicy(config, bytes))),
    organizationPolicy: mspId => organizationPolicies.get(mspId),
  }
}
