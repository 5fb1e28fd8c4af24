/**
 * Evaluates the bytes of a key-level policy (common.SignaturePolicyEnvelope), as a validating peer would.
 *
 * Read here and not with the generated messages: those register themselves globally, and a second copy of
 * them in one process (a suite that also drives a network) replaces the first.
 */
type Field = { number: number; value: number; bytes: Uint8Array }

const fieldsOf = (bytes: Uint8Array): Field[] => {
  const fields: Field[] = []
  let offset = 0
  const varint = (): number => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[offset] as number
      offset += 1
      value += (byte & 127) * 2 ** shift
      if (byte < 128) return value
    }
  }
  while (offset < bytes.length) {
    const tag = varint()
    const value = varint()
    const isBytes = (tag & 7) === 2
    fields.push({
      number: tag >>> 3,
      value,
      bytes: isBytes ? bytes.subarray(offset, offset + value) : new Uint8Array(),
    })
    if (isBytes) offset += value
  }
  return fields
}

const bytesOf = (fields: readonly Field[], number: number): Uint8Array[] =>
  fields.filter(field => field.number === number).map(field => field.bytes)

/** MSPPrincipal.principal -> MSPRole.msp_identifier */
const mspOf = (principal: Uint8Array): string => {
  const [role = new Uint8Array()] = bytesOf(fieldsOf(principal), 2)
  return new TextDecoder().decode(bytesOf(fieldsOf(role), 1)[0])
}

const holds = (
  rule: Uint8Array,
  names: readonly string[],
  signed: ReadonlySet<string>,
): boolean => {
  const fields = fieldsOf(rule)
  const [nested] = bytesOf(fields, 2)
  if (nested === undefined) return signed.has(names[fields[0]?.value ?? -1] ?? '')
  const inner = fieldsOf(nested)
  const needed = inner.find(field => field.number === 1)?.value ?? Infinity
  return bytesOf(inner, 2).filter(each => holds(each, names, signed)).length >= needed
}

/** Whether peers of these organisations together satisfy the policy. */
export const satisfiesPolicy = (policy: Uint8Array, signed: ReadonlySet<string>): boolean => {
  const fields = fieldsOf(policy)
  const names = bytesOf(fields, 3).map(mspOf)
  return holds(bytesOf(fields, 2)[0] as Uint8Array, names, signed)
}
