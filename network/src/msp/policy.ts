import { common, msp as mspProto } from '@hyperledger/fabric-protos'
import { equalBytes } from '../proof/bytes.ts'
import { Broken } from '../proof/verdict.ts'
import { parseCertificate, pemToDer } from '../proof/x509.ts'
import { MspError } from './errors.ts'
import { identityId } from './organization.ts'
import { combine, fits, minimal, type Available } from './layouts.ts'
import type { ChannelConfig, CompiledPolicy, Identity, Layout, Role } from './types.ts'

const DEPTH_MAX = 64
const ROLES: readonly Role[] = ['member', 'admin', 'client', 'peer', 'orderer']
const NO_BYTES = new Uint8Array(0)
/** Roles a peer's identity has: a layout may count on these and no other. */
const PEER_ROLES: ReadonlySet<Role> = new Set(['member', 'peer'])

interface Principal {
  readonly mspId: string
  /** Whether a peer may satisfy it at all. */
  readonly byPeer: boolean
  /** Whether every peer of the MSP satisfies it, or (false) only some, whom nobody here knows. */
  readonly byAnyPeer: boolean
  matches(identity: Identity): boolean
}

type Rule =
  | { readonly kind: 'principal'; readonly principal: Principal }
  | { readonly kind: 'gate'; readonly threshold: number; readonly rules: readonly Rule[] }

const REJECT: CompiledPolicy = {
  evaluate: () => false,
  layouts: () => [],
  mspIds: new Set<string>(),
}

/**
 * Compiles SignaturePolicyEnvelope bytes: channel policies, endorsement policies of collections
 * and key-level policies alike. Throws MspError POLICY_MALFORMED.
 */
export function compilePolicy(envelope: Uint8Array): CompiledPolicy {
  return compileEnvelope(decode(() => common.SignaturePolicyEnvelope.deserializeBinary(envelope)))
}

/**
 * Compiles ApplicationPolicy bytes, the form of chaincode and collection policies: a signature
 * policy, or a reference into the channel's configuration. Throws MspError POLICY_MALFORMED.
 */
export function compileApplicationPolicy(config: ChannelConfig, bytes: Uint8Array): CompiledPolicy {
  const policy = decode(() => common.ApplicationPolicy.deserializeBinary(bytes))
  const signature = policy.getSignaturePolicy()
  if (signature) return compileEnvelope(signature)
  const reference = policy.getChannelConfigPolicyReference()
  if (reference === '') throw malformed('an application policy names neither rule nor reference')
  return compileChannelPolicy(
    config,
    reference.startsWith('/') ? reference : `/Channel/${reference}`,
  )
}

/**
 * A policy of the configuration tree by absolute path, or by a name below /Channel/Application.
 * A path that does not exist is a policy nobody satisfies, as in Fabric.
 */
export function compileChannelPolicy(config: ChannelConfig, path: string): CompiledPolicy {
  return compilePath(config, path.startsWith('/') ? path : `/Channel/Application/${path}`)
}

function compilePath(config: ChannelConfig, path: string): CompiledPolicy {
  const rule = config.policies.get(path)
  if (!rule) return REJECT
  if (rule.kind === 'signature') return compilePolicy(rule.envelope)
  const children = rule.children.map(child => compilePath(config, `${child}/${rule.subPolicy}`))
  return implicit(children, thresholdOf(rule.rule, children.length))
}

function thresholdOf(rule: 'ANY' | 'ALL' | 'MAJORITY', children: number): number {
  if (children === 0) return 0
  if (rule === 'ANY') return 1
  return rule === 'ALL' ? children : Math.floor(children / 2) + 1
}

function implicit(children: readonly CompiledPolicy[], threshold: number): CompiledPolicy {
  return {
    evaluate: identities =>
      children.filter(child => child.evaluate(identities)).length >= threshold,
    layouts: available =>
      combine({
        threshold,
        rules: children.map(child => child.layouts(available)),
        merge: 'max',
        available,
      }),
    mspIds: new Set(children.flatMap(child => [...child.mspIds])),
  }
}

function malformed(detail: string): MspError {
  return new MspError('POLICY_MALFORMED', detail)
}

function decode<T>(read: () => T): T {
  try {
    return read()
  } catch (fault) {
    throw malformed(fault instanceof Error ? fault.message : String(fault))
  }
}

function compileEnvelope(envelope: common.SignaturePolicyEnvelope): CompiledPolicy {
  if (envelope.getVersion() !== 0) throw malformed('unknown version of signature policy')
  const principals = envelope.getIdentitiesList().map(principal => principalOf(principal, 0))
  const rule = ruleOf(envelope.getRule(), principals, 0)
  return {
    evaluate(identities) {
      const signers = [...new Map(identities.map(one => [one.id, one])).values()]
      return satisfy(rule, signers, new Set()) !== undefined
    },
    layouts: available => plan(rule, principals, available),
    mspIds: new Set(principals.map(principal => principal.mspId)),
  }
}

function ruleOf(
  policy: common.SignaturePolicy | undefined,
  principals: readonly Principal[],
  depth: number,
): Rule {
  if (!policy || depth > DEPTH_MAX) throw malformed('a rule is missing or nested too deep')
  const gate = policy.getNOutOf()
  if (gate) {
    const rules = gate.getRulesList().map(rule => ruleOf(rule, principals, depth + 1))
    return { kind: 'gate', threshold: gate.getN(), rules }
  }
  if (!policy.hasSignedBy()) throw malformed('a rule of unknown type')
  const principal = principals[policy.getSignedBy()]
  if (!principal) throw malformed('a rule names a principal that is not listed')
  return { kind: 'principal', principal }
}

/**
 * Fabric's evaluation: rules are taken in order, a principal takes the first signer not used
 * yet, and a rule that fails gives back what it took. Returns the signers used, or undefined.
 */
function satisfy(
  rule: Rule,
  signers: readonly Identity[],
  used: ReadonlySet<Identity>,
): ReadonlySet<Identity> | undefined {
  if (rule.kind === 'principal') {
    const signer = signers.find(one => !used.has(one) && rule.principal.matches(one))
    return signer && new Set([...used, signer])
  }
  let taken = used
  let satisfied = 0
  for (const inner of rule.rules) {
    const after = satisfy(inner, signers, taken)
    if (!after) continue
    satisfied++
    taken = after
  }
  return satisfied >= rule.threshold ? taken : undefined
}

/**
 * Layouts that the evaluation above accepts. It is greedy: a gate goes on taking signers when it
 * has enough, so a policy may need more of them than its principals suggest. Such a layout gets
 * one peer per principal of the MSP instead, and is dropped where that does not help either.
 */
function plan(rule: Rule, principals: readonly Principal[], available: Available): Layout[] {
  const layouts = layoutsOf(rule, available)
  if (!principals.every(one => one.byAnyPeer || !one.byPeer)) return layouts
  const grown = (layout: Layout): Layout =>
    new Map([...layout.keys()].map(mspId => [mspId, countOf(principals, mspId)]))
  const suffices = (layout: Layout) => satisfy(rule, peersOf(layout), new Set()) !== undefined
  return minimal(
    layouts
      .map(layout => (suffices(layout) ? layout : grown(layout)))
      .filter(layout => fits(layout, available) && suffices(layout)),
  )
}

function countOf(principals: readonly Principal[], mspId: string): number {
  return principals.filter(principal => principal.mspId === mspId).length
}

/** As many different peers of each MSP as the layout asks for. */
function peersOf(layout: Layout): Identity[] {
  return [...layout].flatMap(([mspId, count]) =>
    Array.from({ length: count }, (_, index) => ({
      mspId,
      pem: '',
      bytes: NO_BYTES,
      certificate: NO_BYTES,
      id: `${mspId} ${index}`,
      roles: PEER_ROLES,
      commonName: '',
      organizationalUnits: [],
      attributes: {},
      notBefore: 0,
      notAfter: 0,
      certifiersIdentifier: NO_BYTES,
    })),
  )
}

function layoutsOf(rule: Rule, available: Available): Layout[] {
  if (rule.kind === 'principal') {
    const layout = new Map([[rule.principal.mspId, 1]])
    return rule.principal.byPeer && fits(layout, available) ? [layout] : []
  }
  return combine({
    threshold: Math.max(0, rule.threshold),
    rules: rule.rules.map(inner => layoutsOf(inner, available)),
    merge: 'sum',
    available,
  })
}

const CLASS = mspProto.MSPPrincipal.Classification

function principalOf(principal: mspProto.MSPPrincipal, depth: number): Principal {
  const bytes = principal.getPrincipal_asU8()
  switch (principal.getPrincipalClassification()) {
    case CLASS.ROLE:
      return rolePrincipalOf(bytes)
    case CLASS.ORGANIZATION_UNIT:
      return unitPrincipalOf(bytes)
    case CLASS.IDENTITY:
      return identityPrincipalOf(bytes)
    case CLASS.COMBINED:
      return combinedPrincipalOf(bytes, depth)
    default:
      throw malformed('a principal of unknown type')
  }
}

function rolePrincipalOf(bytes: Uint8Array): Principal {
  const read = decode(() => mspProto.MSPRole.deserializeBinary(bytes))
  const mspId = read.getMspIdentifier()
  const role = ROLES[read.getRole()]
  if (!role) throw malformed('a principal of unknown role')
  return {
    mspId,
    byPeer: PEER_ROLES.has(role),
    byAnyPeer: PEER_ROLES.has(role),
    matches: identity => identity.mspId === mspId && identity.roles.has(role),
  }
}

function unitPrincipalOf(bytes: Uint8Array): Principal {
  const read = decode(() => mspProto.OrganizationUnit.deserializeBinary(bytes))
  const mspId = read.getMspIdentifier()
  const unit = read.getOrganizationalUnitIdentifier()
  const certifiers = read.getCertifiersIdentifier_asU8()
  return {
    mspId,
    byPeer: true,
    byAnyPeer: false,
    matches: identity =>
      identity.mspId === mspId &&
      identity.organizationalUnits.includes(unit) &&
      equalBytes(certifiers, identity.certifiersIdentifier),
  }
}

/** A principal that is one certificate: it is not judged here, the signer was. */
function identityPrincipalOf(bytes: Uint8Array): Principal {
  const read = decode(() => mspProto.SerializedIdentity.deserializeBinary(bytes))
  const mspId = read.getMspid()
  const id = certificateId(mspId, Buffer.from(read.getIdBytes_asU8()).toString('utf8'))
  return {
    mspId,
    byPeer: true,
    byAnyPeer: false,
    matches: identity => id !== undefined && identity.mspId === mspId && identity.id === id,
  }
}

/** Undefined for bytes that are no certificate: nobody matches them, as in Fabric. */
function certificateId(mspId: string, pem: string): string | undefined {
  try {
    return identityId(mspId, parseCertificate(pemToDer(pem)))
  } catch (fault) {
    if (fault instanceof Broken) return undefined
    throw fault
  }
}

function combinedPrincipalOf(bytes: Uint8Array, depth: number): Principal {
  const read = decode(() => mspProto.CombinedPrincipal.deserializeBinary(bytes))
  if (depth > 8) throw malformed('principals are nested too deep')
  const parts = read.getPrincipalsList().map(part => principalOf(part, depth + 1))
  const [first] = parts
  if (!first) throw malformed('a combined principal without parts')
  return {
    mspId: first.mspId,
    byPeer: parts.every(part => part.byPeer && part.mspId === first.mspId),
    byAnyPeer: parts.every(part => part.byAnyPeer),
    matches: identity => parts.every(part => part.matches(identity)),
  }
}
