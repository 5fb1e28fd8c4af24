import type { BrokenLink, Proven, Refusal, Verdict } from './types.ts'

/** Thrown inside this package only; `judge` turns it into a Refusal at every public entrance. */
export class Broken extends Error {
  readonly code: BrokenLink

  constructor(code: BrokenLink, detail: string) {
    super(detail)
    this.code = code
  }
}

export function proven<T>(value: T): Proven<T> {
  return { ok: true, value }
}

export function refused(code: BrokenLink, detail: string): Refusal {
  return { ok: false, code, detail }
}

/** Runs a check. What it throws on purpose becomes a Refusal; a programmer's fault stays one. */
export function judge<T>(check: () => T): Verdict<T> {
  try {
    return proven(check())
  } catch (fault) {
    if (fault instanceof Broken) return refused(fault.code, fault.message)
    throw fault
  }
}

/** Runs a reader whose failures must carry another code, e.g. a malformed certificate in a block. */
export function within<T>(code: BrokenLink, read: () => T): T {
  try {
    return read()
  } catch (fault) {
    if (fault instanceof Broken) throw new Broken(code, fault.message)
    throw fault
  }
}
