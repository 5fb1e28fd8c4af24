import { hash, verify } from '@node-rs/argon2'
import { CodedError } from '../platform/faults.ts'
import { createGate } from '../operations/submit.ts'

/**
 * Passwords as they are kept: argon2id, OWASP’s minimum of 19 MiB and two passes; one thread, because the
 * machine is shared.
 */
const ARGON2 = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const

// Each one costs some 20 ms of a processor: whoever asks without a token gets two at a time, all together.
const AT_ONCE = 2
const WAITING_MAX = 40

export function hashPassword(password: string): Promise<string> {
  return hash(password, ARGON2)
}

export function matchesPassword(kept: string, password: string): Promise<boolean> {
  return verify(kept, password)
}

export interface PasswordDesk {
  /**
   * One piece of work that compares passwords. Throws LOGIN_BUSY where too many wait: a flood of log-ins costs
   * its senders their turn, not the others the machine.
   */
  guarded<T>(work: () => Promise<T>): Promise<T>
}

export function createPasswordDesk(): PasswordDesk {
  const gate = createGate(AT_ONCE)
  let waiting = 0
  return {
    async guarded(work) {
      if (waiting >= WAITING_MAX)
        throw new CodedError('LOGIN_BUSY', { detail: 'too many log-ins at once; come again' })
      waiting++
      try {
        return await gate(work)
      } finally {
        waiting--
      }
    },
  }
}
