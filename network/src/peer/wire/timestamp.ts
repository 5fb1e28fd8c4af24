import { ledger } from '@hyperledger/fabric-protos'

export type Timestamp = NonNullable<ReturnType<ledger.queryresult.KeyModification['getTimestamp']>>

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(Math.trunc(value)))
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128)
    rest >>= 7n
  }
  return [...bytes, Number(rest)]
}

const TIMESTAMP_FIELD = 3

/**
 * A google.protobuf.Timestamp. Its class comes with google-protobuf, which fabric-protos does not
 * hand on, so it is read out of a message that holds one.
 */
export function timestampOf(at: { readonly seconds: number; readonly nanos: number }): Timestamp {
  const body = [0x08, ...varint(at.seconds), 0x10, ...varint(at.nanos)]
  const bytes = Uint8Array.from([(TIMESTAMP_FIELD << 3) | 2, body.length, ...body])
  const holder = ledger.queryresult.KeyModification.deserializeBinary(bytes)
  return holder.getTimestamp() as Timestamp
}

export const timestampFromMs = (ms: number): Timestamp =>
  timestampOf({ seconds: Math.floor(ms / 1000), nanos: Math.floor((ms % 1000) * 1e6) })
