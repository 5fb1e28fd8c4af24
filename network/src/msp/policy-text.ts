import { common, msp as mspProto } from '@hyperledger/fabric-protos'
import type { Role } from './types.ts'
import { MspError } from './errors.ts'

/** The text is not a policy: the code is POLICY_SYNTAX, `offset` where reading stopped. */
export class PolicySyntaxError extends MspError {
  readonly offset: number

  constructor(detail: string, offset: number) {
    super('POLICY_SYNTAX', `${detail} at character ${offset + 1}`)
    this.offset = offset
  }
}

type Token =
  | { readonly kind: 'name' | 'text' | 'number'; readonly text: string; readonly offset: number }
  | { readonly kind: '(' | ')' | ',' | 'end'; readonly text: string; readonly offset: number }

type Rule =
  | { readonly kind: 'principal'; readonly mspId: string; readonly role: Role }
  | { readonly kind: 'gate'; readonly threshold: number; readonly rules: readonly Rule[] }

const TOKEN = /\s*(?:([A-Za-z]+)|'([^']*)'|"([^"]*)"|(\d+)|([(),]))/y
const PRINCIPAL = /^([A-Za-z0-9.-]+)\.(admin|member|client|peer|orderer)$/
const DEPTH_MAX = 32
const ROLE_NUMBER: Readonly<Record<Role, 0 | 1 | 2 | 3 | 4>> = {
  member: 0,
  admin: 1,
  client: 2,
  peer: 3,
  orderer: 4,
}

/**
 * Fabric's policy language: gates And (P, ...), Or (P, ...) and OutOf (n, P, ...), also in upper
 * case, OutOf in lower case too (lower-case `and` and `or` are operators to Fabric v3, which
 * refuses them); a principal is 'MSPID.role' in quotes. Returns SignaturePolicyEnvelope bytes,
 * equal to those of Fabric's own parser. Throws PolicySyntaxError.
 */
export function parsePolicyText(text: string): Uint8Array {
  const rule = new Parser(tokensOf(text)).policy()
  return encodePolicy(rule)
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  const { length } = text.trimEnd()
  for (let offset = 0; offset < length; offset = TOKEN.lastIndex) {
    TOKEN.lastIndex = offset
    const match = TOKEN.exec(text)
    if (!match) throw new PolicySyntaxError('unexpected character', offset)
    tokens.push({ ...tokenOf(match), offset: match.index })
  }
  return [...tokens, { kind: 'end', text: '', offset: text.length }]
}

function tokenOf([, name, single, double, number, sign]: RegExpExecArray) {
  if (name !== undefined) return { kind: 'name', text: name } as const
  if (number !== undefined) return { kind: 'number', text: number } as const
  const quoted = single ?? double
  if (quoted !== undefined) return { kind: 'text', text: quoted } as const
  return { kind: sign as '(' | ')' | ',', text: sign ?? '' } as const
}

class Parser {
  readonly #tokens: readonly Token[]
  #next = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  policy(): Rule {
    const rule = this.#gate(this.#take('name'), 1)
    this.#take('end')
    return rule
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? { kind: 'end', text: '', offset: 0 }
  }

  #take(kind: Token['kind']): Token {
    const token = this.#peek()
    if (token.kind !== kind) throw new PolicySyntaxError(`expected ${kind}`, token.offset)
    this.#next++
    return token
  }

  #gate(name: Token, depth: number): Rule {
    if (depth > DEPTH_MAX) throw new PolicySyntaxError('gates are nested too deep', name.offset)
    const gate = gateOf(name)
    this.#take('(')
    const threshold = gate === 'outof' ? this.#threshold() : undefined
    const rules: Rule[] = [this.#rule(depth)]
    while (this.#peek().kind === ',') {
      this.#take(',')
      rules.push(this.#rule(depth))
    }
    this.#take(')')
    return { kind: 'gate', rules, threshold: thresholdOf(gate, threshold, { rules, name }) }
  }

  /** A bare or quoted number: Fabric takes both. */
  #threshold(): number {
    const token = this.#take(this.#peek().kind === 'text' ? 'text' : 'number')
    if (!/^\d{1,6}$/.test(token.text)) throw new PolicySyntaxError('expected number', token.offset)
    this.#take(',')
    return Number(token.text)
  }

  #rule(depth: number): Rule {
    if (this.#peek().kind === 'name') return this.#gate(this.#take('name'), depth + 1)
    const token = this.#take('text')
    const match = PRINCIPAL.exec(token.text)
    if (!match?.[1]) throw new PolicySyntaxError(`no principal '${token.text}'`, token.offset)
    return { kind: 'principal', mspId: match[1], role: match[2] as Role }
  }
}

function gateOf(name: Token): 'and' | 'or' | 'outof' {
  const spellings = {
    and: ['And', 'AND'],
    or: ['Or', 'OR'],
    outof: ['OutOf', 'outof', 'OUTOF'],
  }
  if (spellings.and.includes(name.text)) return 'and'
  if (spellings.or.includes(name.text)) return 'or'
  if (spellings.outof.includes(name.text)) return 'outof'
  throw new PolicySyntaxError(`unknown gate ${name.text}`, name.offset)
}

function thresholdOf(
  gate: 'and' | 'or' | 'outof',
  given: number | undefined,
  { rules, name }: { readonly rules: readonly Rule[]; readonly name: Token },
): number {
  const threshold = gate === 'and' ? rules.length : (given ?? 1)
  // One more than there are is allowed, as in Fabric: a way to write "never".
  if (threshold > rules.length + 1) throw new PolicySyntaxError('threshold too high', name.offset)
  return threshold
}

/** Principals are numbered as Fabric's parser meets them: those of inner gates come first. */
function encodePolicy(rule: Rule): Uint8Array {
  const principals: mspProto.MSPPrincipal[] = []
  const envelope = new common.SignaturePolicyEnvelope()
  envelope.setRule(encodeRule(rule, principals))
  envelope.setIdentitiesList(principals)
  return envelope.serializeBinary()
}

function encodeRule(rule: Rule, principals: mspProto.MSPPrincipal[]): common.SignaturePolicy {
  if (rule.kind === 'principal') return signedBy(principals.push(rolePrincipal(rule)) - 1)
  const inner = new Map(
    rule.rules
      .filter(one => one.kind === 'gate')
      .map(one => [one as Rule, encodeRule(one, principals)]),
  )
  const encoded = rule.rules.map(one => inner.get(one) ?? encodeRule(one, principals))
  return outOf(rule.threshold, encoded)
}

export function rolePrincipal({
  mspId,
  role,
}: {
  mspId: string
  role: Role
}): mspProto.MSPPrincipal {
  const mspRole = new mspProto.MSPRole()
  mspRole.setMspIdentifier(mspId)
  mspRole.setRole(ROLE_NUMBER[role])
  const principal = new mspProto.MSPPrincipal()
  principal.setPrincipalClassification(mspProto.MSPPrincipal.Classification.ROLE)
  principal.setPrincipal(mspRole.serializeBinary())
  return principal
}

export function signedBy(index: number): common.SignaturePolicy {
  const policy = new common.SignaturePolicy()
  policy.setSignedBy(index)
  return policy
}

export function outOf(threshold: number, rules: common.SignaturePolicy[]): common.SignaturePolicy {
  const gate = new common.SignaturePolicy.NOutOf()
  gate.setN(threshold)
  gate.setRulesList(rules)
  const policy = new common.SignaturePolicy()
  policy.setNOutOf(gate)
  return policy
}

/** Envelope of "n signatures by the role of any of the MSPs", MSPs sorted as Fabric sorts them. */
export function signedByRole(role: Role, mspIds: readonly string[], threshold = 1): Uint8Array {
  const sorted = [...mspIds].sort()
  const envelope = new common.SignaturePolicyEnvelope()
  envelope.setRule(
    outOf(
      threshold,
      sorted.map((_, index) => signedBy(index)),
    ),
  )
  envelope.setIdentitiesList(sorted.map(mspId => rolePrincipal({ mspId, role })))
  return envelope.serializeBinary()
}
