export type MspErrorCode =
  | 'CONFIG_MALFORMED'
  | 'CONFIG_CA_INVALID'
  | 'CONFIG_MSP_CONFLICT'
  | 'POLICY_MALFORMED'
  | 'POLICY_SYNTAX'
  | 'KEY_UNSUPPORTED'
  | 'KEY_MISMATCH'

/** What a caller handed in cannot be used: a configuration, a policy or a key. */
export class MspError extends Error {
  readonly code: MspErrorCode

  constructor(code: MspErrorCode, detail: string) {
    super(`${code}: ${detail}`)
    this.name = 'MspError'
    this.code = code
  }
}
