import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import path from 'node:path'

/** An append-only file of JSON lines; what `append` returned from survives kill -9. */
export interface Journal<T> {
  readonly entries: readonly T[]
  append(...entries: readonly T[]): void
  close(): void
}

/** A line that a crash cut short is dropped: nothing was answered for it. */
export function openJournal<T>(file: string): Journal<T> {
  mkdirSync(path.dirname(file), { recursive: true })
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  if (whole.length < text.length) truncateSync(file, Buffer.byteLength(whole))
  const entries: T[] = whole
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as T)
  const handle = openSync(file, 'a')
  return {
    entries,
    append(...added) {
      writeSync(handle, added.map(entry => `${JSON.stringify(entry)}\n`).join(''))
      fsyncSync(handle)
      entries.push(...added)
    },
    close: () => closeSync(handle),
  }
}
