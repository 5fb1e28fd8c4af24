import { createPrivateKey, createPublicKey } from 'node:crypto'
import { errors, jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'
import { CodedError } from '../faults.ts'
import { ROLES, type Role } from './route.ts'

/** Who calls, as the access token says; the token is short-lived and carries no secret. */
export interface Caller {
  readonly userId: string
  readonly login: string
  readonly roles: readonly Role[]
  /** The member this person acts for; absent for the organisation's own staff. */
  readonly memberId: string | undefined
  readonly sessionId: string
}

export interface Tokens {
  issue(caller: Caller): Promise<string>
  /** Throws TOKEN_EXPIRED or TOKEN_INVALID. */
  verify(token: string): Promise<Caller>
  readonly lifeSeconds: number
}

const Claims = z.object({
  sub: z.string(),
  login: z.string(),
  roles: z.array(z.enum(ROLES)),
  member: z.string().optional(),
  sid: z.string(),
})

// PKCS #8 of an Ed25519 key is this prefix and the 32-byte seed (RFC 8410).
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex')

export function createTokens(options: {
  seed: Buffer
  issuer: string
  lifeSeconds: number
}): Tokens {
  const der = Buffer.concat([PKCS8_ED25519, options.seed])
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const publicKey = createPublicKey(privateKey)
  const { issuer, lifeSeconds } = options
  return {
    lifeSeconds,
    issue(caller) {
      const claims = {
        login: caller.login,
        roles: caller.roles,
        sid: caller.sessionId,
        ...(caller.memberId === undefined ? {} : { member: caller.memberId }),
      }
      return new SignJWT(claims)
        .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt' })
        .setSubject(caller.userId)
        .setIssuer(issuer)
        .setAudience(issuer)
        .setIssuedAt()
        .setExpirationTime(`${lifeSeconds}s`)
        .sign(privateKey)
    },
    async verify(token) {
      try {
        const { payload } = await jwtVerify(token, publicKey, {
          algorithms: ['EdDSA'],
          issuer,
          audience: issuer,
          typ: 'at+jwt',
        })
        const claims = Claims.parse(payload)
        return {
          userId: claims.sub,
          login: claims.login,
          roles: claims.roles,
          memberId: claims.member,
          sessionId: claims.sid,
        }
      } catch (error) {
        if (error instanceof errors.JWTExpired)
          throw new CodedError('TOKEN_EXPIRED', { detail: 'renew it with the refresh token' })
        throw new CodedError('TOKEN_INVALID')
      }
    },
  }
}
