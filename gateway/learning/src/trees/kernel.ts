/**
 * The one loop that takes most of the time, in WebAssembly: both numbers of a bin are added by one instruction, for
 * which JavaScript has no words. It is written out here, since nothing else would need a compiler.
 *
 *     add(words, rows, count, values, sums)
 *
 * For each of `count` rows: its word of four bins, at `words` by the number that stands at `rows`; its two numbers, at
 * `values` one row behind the other; both added to those of each of its four bins, at `sums`. Places are bytes of the
 * one memory.
 */
export type Add = (words: number, rows: number, count: number, values: number, sums: number) => void

/** What is needed here of what every engine has. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (
    module: object,
    imports: Readonly<Record<string, Readonly<Record<string, WasmMemory>>>>,
  ) => { readonly exports: Readonly<Record<string, unknown>> }
  readonly Memory: new (size: { readonly initial: number }) => WasmMemory
}

export interface WasmMemory {
  readonly buffer: ArrayBuffer
}

/** @param pages of 64 KiB. */
export const createWasmMemory = (pages: number): WasmMemory =>
  new WebAssembly.Memory({ initial: pages })

const [WORDS, ROWS, COUNT, VALUES, SUMS, END, WORD, PLACE, VALUE] = [0, 1, 2, 3, 4, 5, 6, 7, 8]
const [I32, V128, NOTHING] = [0x7f, 0x7b, 0x40]

/** Whole numbers as WebAssembly writes them, seven bits a byte. */
function whole(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
  return [...bytes, rest]
}

/** The same for a constant, whose last byte carries the sign. */
const constant = (value: number): number[] => {
  const bytes = whole(value)
  return (bytes.at(-1) as number) & 0x40
    ? [0x41, ...bytes.slice(0, -1), (bytes.at(-1) as number) | 0x80, 0]
    : [0x41, ...bytes]
}

const get = (local: number): number[] => [0x20, local]
const set = (local: number): number[] => [0x21, local]
const tee = (local: number): number[] => [0x22, local]
const PLUS = [0x6a]
const LOAD = [0x28, 2, 0]
const load128 = (offset: number): number[] => [0xfd, 0x00, 3, ...whole(offset)]
const store128 = (offset: number): number[] => [0xfd, 0x0b, 3, ...whole(offset)]
const ADD_TWO = [0xfd, 0xf0, 0x01]
const shiftLeft = (by: number): number[] => [...constant(by), 0x74]
const shiftRight = (by: number): number[] => [...constant(by), 0x76]
const and = (mask: number): number[] => [...constant(mask), 0x71]
const forward = (local: number, by: number): number[] => [
  ...get(local),
  ...constant(by),
  ...PLUS,
  ...set(local),
]

/** Bytes of the 256 bins of a column; of one bin, sixteen. */
export const COLUMN_BYTES = 4_096
const BIN_BYTES_MASK = 0xff0

const addToColumn = (shift: readonly number[], column: number): number[] => [
  ...get(SUMS),
  ...get(WORD),
  ...shift,
  ...and(BIN_BYTES_MASK),
  ...PLUS,
  ...tee(PLACE),
  ...get(PLACE),
  ...load128(column * COLUMN_BYTES),
  ...get(VALUE),
  ...ADD_TWO,
  ...store128(column * COLUMN_BYTES),
]

const BODY = [
  // end = rows + 4 * count
  ...[...get(ROWS), ...get(COUNT), ...shiftLeft(2), ...PLUS, ...set(END)],
  // Nothing to do without a row.
  ...[0x02, NOTHING, ...get(ROWS), ...get(END), 0x4f, 0x0d, 0],
  ...[0x03, NOTHING],
  ...[...get(WORDS), ...get(ROWS), ...LOAD, ...shiftLeft(2), ...PLUS, ...LOAD, ...set(WORD)],
  ...[...get(VALUES), ...load128(0), ...set(VALUE)],
  ...addToColumn(shiftLeft(4), 0),
  ...addToColumn(shiftRight(4), 1),
  ...addToColumn(shiftRight(12), 2),
  ...addToColumn(shiftRight(20), 3),
  ...forward(ROWS, 4),
  ...forward(VALUES, 16),
  // Once more while rows are left; then the ends of the loop, of the block, and of the function.
  ...[...get(ROWS), ...get(END), 0x49, 0x0d, 0],
  ...[0x0b, 0x0b, 0x0b],
]

const LOCALS = [2, 3, I32, 1, V128]
const text = (name: string): number[] => [name.length, ...Buffer.from(name)]
const section = (id: number, ...bytes: number[]): number[] => [id, ...whole(bytes.length), ...bytes]
const CODE = [...LOCALS, ...BODY]

const MODULE = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...section(1, 1, 0x60, 5, I32, I32, I32, I32, I32, 0),
  ...section(2, 1, ...text('here'), ...text('memory'), 2, 0, 0),
  ...section(3, 1, 0),
  ...section(7, 1, ...text('add'), 0, 0),
  ...section(10, 1, ...whole(CODE.length), ...CODE),
])

const compiled = new WebAssembly.Module(MODULE)

export const addIn = (memory: WasmMemory): Add =>
  new WebAssembly.Instance(compiled, { here: { memory } }).exports['add'] as Add
