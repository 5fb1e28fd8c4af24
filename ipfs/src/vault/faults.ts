/** Operating faults of the vault; a closed list, translated by whoever shows them. */
export type VaultFaultCode =
  | 'VAULT_UNREACHABLE'
  | 'VAULT_NOT_A_READER'
  | 'VAULT_READER_UNKNOWN'
  | 'VAULT_TAMPERED'
  | 'VAULT_FORMAT_UNKNOWN'

export class VaultFault extends Error {
  readonly code: VaultFaultCode
  readonly details: Readonly<Record<string, string>>

  constructor(code: VaultFaultCode, details: Readonly<Record<string, string>> = {}) {
    super(`${code} ${JSON.stringify(details)}`)
    this.name = 'VaultFault'
    this.code = code
    this.details = details
  }
}
