import { VaultFault } from '@triflow/ipfs'
import { CodedError } from './faults.ts'

/** Connection errors of sockets, and the classes in which PostgreSQL says that it stops or starts. */
const SOCKET = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND'])
const POSTGRES = /^(57P0[1-4]|08\w{3}|53300)$/
const POOL = /Connection terminated|timeout exceeded when trying to connect/

/**
 * A server this process depends on is away for a moment: not a defect, and not a refusal. The caller is told to
 * come again, an operation waits.
 */
export function unavailability(error: unknown): CodedError | undefined {
  if (error instanceof VaultFault && error.code === 'VAULT_UNREACHABLE')
    return new CodedError('VAULT_UNAVAILABLE', { status: 503, cause: error, detail: AGAIN })
  const { code = '', message = '' } = error as { code?: unknown; message?: string }
  const known = typeof code === 'string' && (SOCKET.has(code) || POSTGRES.test(code))
  return known || POOL.test(message)
    ? new CodedError('DATABASE_UNAVAILABLE', { status: 503, cause: error, detail: AGAIN })
    : undefined
}

const AGAIN = 'try again in a moment, with the same Idempotency-Key'
