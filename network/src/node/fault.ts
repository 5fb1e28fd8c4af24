/** An operating fault of the network commands: what went wrong as a code, and the facts beside it. */
export class NetworkFault extends Error {
  readonly code: string
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: string, message: string, details: Record<string, unknown> = {}) {
    super(message)
    this.name = 'NetworkFault'
    this.code = code
    this.details = details
  }
}

/** The text of anything thrown, for a log line or a message to the caller. */
export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
