import { pino, type Logger } from 'pino'

export type Log = Logger

/** JSON lines to stdout. Bodies, tokens and amounts are never logged: identifiers and codes only. */
export function createLog(options: { level: string; organization: string }): Log {
  return pino({
    level: options.level,
    base: { org: options.organization },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: ['req.headers.authorization', 'password', 'accessToken', 'refreshToken'],
  })
}
