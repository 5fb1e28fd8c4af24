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

const FORM: ReadonlySet<BrokenLink> = new Set(['BLOCK_MALFORMED', 'CERTIFICATE_MALFORMED'])

/** Names the place where bytes have the wrong form, e.g. METADATA_MALFORMED inside a block. */
export function formOf<T>(code: BrokenLink, read: () => T): T {
  return recoded(code, read, fault => FORM.has(fault.code))
}

/** Gives every failure of a part the code of the whole, e.g. a consenter's certificate chain. */
export function within<T>(code: BrokenLink, read: () => T): T {
  return recoded(code, read, () => true)
}

function recoded<T>(code: BrokenLink, read: () => T, applies: (fault: Broken) => boolean): T {
  try {
    return read()
  } catch (fault) {
    if (!(fault instanceof Broken) || !applies(fault)) throw fault
    throw new Broken(code, fault.code === code ? fault.message : `${fault.code}: ${fault.message}`)
  }
}
