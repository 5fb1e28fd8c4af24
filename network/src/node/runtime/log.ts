/** The part of a logger that nodes use; pino fits it. */
export interface NodeLog {
  debug(fields: object, text: string): void
  info(fields: object, text: string): void
  warn(fields: object, text: string): void
  error(fields: object, text: string): void
}
