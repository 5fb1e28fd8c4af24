import { createHash } from 'node:crypto'
import { peer } from '@hyperledger/fabric-protos'
import type { Simulation } from '../../ledger/index.ts'
import { decode, sameBytes } from '../wire/decode.ts'

export const LIFECYCLE = '_lifecycle'
/** Groups of keys within `_lifecycle`: definitions and approvals, and package ids. */
export const NAMESPACES = 'namespaces'
export const SOURCES = 'chaincode-sources'

export const implicitCollection = (mspId: string): string => `_implicit_org_${mspId}`

type Field = readonly [name: string, value: string | number | Uint8Array]

/** A structure kept as one key per field, so that a change touches only what changed. */
export interface Structure {
  readonly datatype: string
  readonly fields: readonly Field[]
}

/** The public part of `_lifecycle`, or an organisation's own part of it. */
export interface LifecycleState {
  get(key: string): Uint8Array | undefined
  put(key: string, value: Uint8Array): void
  delete(key: string): void
  hash(key: string): Uint8Array | undefined
  keys(prefix: string): string[]
}

export function lifecycleState(simulation: Simulation, collection?: string): LifecycleState {
  const at = (key: string) => ({
    namespace: LIFECYCLE,
    key,
    ...(collection ? { collection } : {}),
  })
  return {
    get: key => simulation.getState(at(key)),
    put: (key, value) => simulation.putState(at(key), value),
    delete: key => simulation.delState(at(key)),
    hash: key => simulation.getPrivateHash(at(key)),
    keys: prefix => {
      const { namespace } = at('')
      const endKey = `${prefix}\u{10ffff}`
      const rows = simulation.getRange({
        namespace,
        startKey: prefix,
        endKey,
        ...(collection ? { collection } : {}),
      })
      const keys: string[] = []
      for (let row = rows.next(); row; row = rows.next()) keys.push(row.key)
      rows.close()
      return keys
    },
  }
}

export const metadataKey = (group: string, name: string): string => `${group}/metadata/${name}`
export const fieldKey = (group: string, name: string, field: string): string =>
  `${group}/fields/${name}/${field}`

function encodeField(value: Field[1]): Uint8Array {
  const data = new peer.lifecycle.StateData()
  if (typeof value === 'string') data.setString(value)
  else if (typeof value === 'number') data.setInt64(value)
  else data.setBytes(value)
  return data.serializeBinary()
}

function encodeMetadata({ datatype, fields }: Structure): Uint8Array {
  const metadata = new peer.lifecycle.StateMetadata()
  metadata.setDatatype(datatype)
  metadata.setFieldsList(fields.map(([name]) => name))
  return metadata.serializeBinary()
}

export function readField(
  state: LifecycleState,
  group: string,
  name: string,
  field: string,
): peer.lifecycle.StateData {
  const bytes = state.get(fieldKey(group, name, field)) ?? new Uint8Array()
  return decode(peer.lifecycle.StateData, bytes, `${group}/${name}/${field}`)
}

export function readDatatype(
  state: LifecycleState,
  group: string,
  name: string,
): string | undefined {
  const bytes = state.get(metadataKey(group, name))
  return bytes && decode(peer.lifecycle.StateMetadata, bytes, 'StateMetadata').getDatatype()
}

/** Writes the fields that differ from what is stored, and the metadata when it differs. */
export function writeStructure(
  state: LifecycleState,
  group: string,
  name: string,
  structure: Structure,
): void {
  const before = state.get(metadataKey(group, name))
  const known = before
    ? decode(peer.lifecycle.StateMetadata, before, 'StateMetadata').getFieldsList()
    : []
  for (const [field, value] of structure.fields) {
    const key = fieldKey(group, name, field)
    const encoded = encodeField(value)
    const stored = known.includes(field) ? state.get(key) : undefined
    if (!stored || !sameBytes(stored, encoded)) state.put(key, encoded)
  }
  const metadata = encodeMetadata(structure)
  if (!before || !sameBytes(before, metadata)) state.put(metadataKey(group, name), metadata)
}

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest()

/** Fields whose stored hash differs from the structure; empty when all agree. */
export function mismatches(
  state: LifecycleState,
  group: string,
  name: string,
  structure: Structure,
): string[] {
  const metadata = state.hash(metadataKey(group, name))
  if (!metadata || !sameBytes(metadata, sha256(encodeMetadata(structure)))) {
    return [structure.datatype]
  }
  return structure.fields
    .filter(([field, value]) => {
      const stored = state.hash(fieldKey(group, name, field))
      return !stored || !sameBytes(stored, sha256(encodeField(value)))
    })
    .map(([field]) => field)
}
