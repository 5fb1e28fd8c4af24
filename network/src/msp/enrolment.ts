import type { CryptoDefinition, EnrolmentRequest, Issued } from './authority/index.ts'

export type { CryptoDefinition, CryptoOrganization, EnrolmentRequest } from './authority/index.ts'

// A node verifies certificates and never issues any: the issuing half, with its ASN.1 library, is
// loaded by those few processes that call one of these.

/** Writes an organisation's key material for each organisation that has none yet. */
export async function createNetworkCrypto(
  definition: CryptoDefinition,
  folder: string,
): Promise<void> {
  const authority = await import('./authority/index.ts')
  return authority.createNetworkCrypto(definition, folder)
}

/** Issues a signing certificate with Fabric CA's attributes. */
export async function issueCertificate(
  request: EnrolmentRequest,
): Promise<{ readonly certificatePem: string; readonly privateKeyPem?: string }> {
  const authority = await import('./authority/index.ts')
  return authority.issueCertificate(request)
}

/** Issues a TLS certificate from an organisation's `tlsca` folder. */
export async function issueTlsCertificate(request: {
  readonly caFolder: string
  readonly commonName: string
  readonly hostNames: readonly string[]
  readonly days?: number
}): Promise<Issued> {
  const authority = await import('./authority/index.ts')
  return authority.issueTlsCertificate(request)
}
