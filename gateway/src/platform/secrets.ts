import { createCipheriv, createDecipheriv, hkdfSync, randomBytes, randomUUID } from 'node:crypto'
import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { ConfigFault } from './config.ts'

/**
 * The keys of one organisation. One root secret lives in a file only the service may read; the others are
 * derived from it by purpose, so that a leak of one says nothing about the next. In production the file is
 * mounted by a secret store.
 */
export interface Secrets {
  /** 32 bytes for one purpose, the same after every restart. */
  derive(purpose: string): Buffer
  seal(purpose: string, plain: Uint8Array): Buffer
  open(purpose: string, sealed: Uint8Array): Buffer
}

/** Whole or not at all; where two processes come up at once, both read what the first has made. */
function makeRoot(file: string): void {
  const fresh = `${file}.${randomUUID()}`
  const root = randomBytes(32).toString('hex')
  writeFileSync(fresh, JSON.stringify({ version: 1, root }), { mode: 0o600, flush: true })
  try {
    linkSync(fresh, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(fresh)
  }
}

function readRoot(file: string): Buffer {
  if (!existsSync(file)) makeRoot(file)
  try {
    const { root } = JSON.parse(readFileSync(file, 'utf8')) as { root: string }
    const bytes = Buffer.from(root, 'hex')
    if (bytes.length === 32) return bytes
  } catch {
    // falls through to the one-line advice
  }
  throw new ConfigFault(`${file}: holds no secret; restore it from backup, the wallet needs it`)
}

export function openSecrets(file: string): Secrets {
  const root = readRoot(file)
  const derive = (purpose: string): Buffer =>
    Buffer.from(hkdfSync('sha256', root, Buffer.alloc(0), `triflow ${purpose}`, 32))
  return {
    derive,
    seal(purpose, plain) {
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', derive(purpose), nonce)
      return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
    },
    open(purpose, sealed) {
      const bytes = Buffer.from(sealed)
      const decipher = createDecipheriv('aes-256-gcm', derive(purpose), bytes.subarray(0, 12))
      decipher.setAuthTag(bytes.subarray(-16))
      return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()])
    },
  }
}

/** The key all gateways of the consortium share for invoice fingerprints: 64 hex digits in a file. */
export function readConsortiumKey(file: string): Buffer {
  const text = existsSync(file) ? readFileSync(file, 'utf8').trim() : ''
  if (!/^[0-9a-f]{64}$/.test(text))
    throw new ConfigFault(`${file}: put the consortium key here, 64 hex digits, the same for all`)
  return Buffer.from(text, 'hex')
}
