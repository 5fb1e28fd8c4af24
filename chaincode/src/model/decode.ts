/** From ledger bytes to typed records: what a projector or a verifier calls for every key it meets. */
import { refuse } from './fault.ts'
import { KEY_PREFIXES } from './records.ts'
import type { PrivateKind, PrivateValues, PublicStates, RecordKind } from './records.ts'
import { PRIVATE_SHAPES, STATE_SHAPES } from './shapes.ts'
import { parse } from './shape.ts'

const KINDS = new Map<string, RecordKind>(
  Object.entries(KEY_PREFIXES).map(([kind, prefix]) => [prefix, kind as RecordKind]),
)

/** Kind and id of a key, or undefined where the key is none of ours. */
export const parseKey = (key: string): { kind: RecordKind; id: string } | undefined => {
  const colon = key.indexOf(':')
  const prefix = colon === -1 ? key : key.slice(0, colon)
  const kind = KINDS.get(prefix)
  return kind === undefined ? undefined : { kind, id: colon === -1 ? '' : key.slice(colon + 1) }
}

const textOf = (value: Uint8Array | string): string =>
  typeof value === 'string' ? value : new TextDecoder('utf-8', { fatal: true }).decode(value)

type Decoded<Values> = {
  [K in keyof Values]: { kind: K; id: string; value: Values[K] }
}[keyof Values]

const decoder =
  <Values>(shapes: Record<string, (value: unknown, path: string) => unknown>) =>
  (key: string, value: Uint8Array | string): Decoded<Values> => {
    const parsed = parseKey(key)
    const shape = parsed === undefined ? undefined : shapes[parsed.kind]
    if (parsed === undefined || shape === undefined)
      return refuse('REQUEST_MALFORMED', { path: 'key', expected: 'a key of ours' })
    return { ...parsed, value: parse(shape, textOf(value)) } as Decoded<Values>
  }

export type DecodedState = Decoded<PublicStates>
export type DecodedPrivate = Decoded<PrivateValues>

/** A public state by its key; an unknown key or shape is refused, never guessed. */
export const decodeState: (key: string, value: Uint8Array | string) => DecodedState =
  decoder(STATE_SHAPES)
/** A private value by its key; the text itself is the opening, keep it as it is. */
export const decodePrivate: (key: string, value: Uint8Array | string) => DecodedPrivate =
  decoder(PRIVATE_SHAPES)

/** The value inside an opening whose kind is known. */
export const readOpening = <K extends PrivateKind>(kind: K, text: string): PrivateValues[K] =>
  parse(PRIVATE_SHAPES[kind], text)

export type LedgerEvent = { name: string; ids: string[] }
/** The event of a transaction: its function and the ids it touched. */
export const decodeEvent = (name: string, payload: Uint8Array | string): LedgerEvent => {
  const body = JSON.parse(textOf(payload)) as { ids?: unknown }
  return { name, ids: Array.isArray(body.ids) ? body.ids.map(String) : [] }
}
