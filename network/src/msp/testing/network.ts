import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createNetworkCrypto, createSigner, type CryptoDefinition, type Signer } from '../index.ts'
import type { ConsenterDefinition, OrganizationDefinition } from '../genesis.ts'

/** A network's key material in a folder of its own, for tests. */
export interface TestNetwork {
  readonly folder: string
  read(...segments: string[]): Promise<string>
  /** The signer of `users/<name>`, `peers/<name>` or `orderers/<name>`. */
  signer(place: string, mspId: string): Promise<Signer>
  organization(kind: string, domain: string, mspId: string): Promise<OrganizationDefinition>
  consenter(place: string, options: { id: number; mspId: string }): Promise<ConsenterDefinition>
  remove(): Promise<void>
}

export async function createTestNetwork(definition: CryptoDefinition): Promise<TestNetwork> {
  const folder = await mkdtemp(path.join(tmpdir(), 'triflow-msp-'))
  await createNetworkCrypto(definition, folder)
  const read = (...segments: string[]) => readFile(path.join(folder, ...segments), 'utf8')
  const certificateOf = (place: string) =>
    read(place, 'msp', 'signcerts', `${path.basename(place)}-cert.pem`)
  return {
    folder,
    read,
    signer: async (place, mspId) =>
      createSigner({
        mspId,
        certificatePem: await certificateOf(place),
        privateKeyPem: await read(place, 'msp', 'keystore', 'priv_sk'),
      }),
    organization: async (kind, domain, mspId) => ({
      name: mspId.replace(/MSP$/, ''),
      mspId,
      rootCerts: [await read(kind, domain, 'msp', 'cacerts', `ca.${domain}-cert.pem`)],
      tlsRootCerts: [await read(kind, domain, 'msp', 'tlscacerts', `tlsca.${domain}-cert.pem`)],
    }),
    consenter: async (place, { id, mspId }) => ({
      id,
      mspId,
      host: '127.0.0.1',
      port: 17_000 + id,
      identityPem: await certificateOf(place),
      clientTlsPem: await read(place, 'tls', 'server.crt'),
      serverTlsPem: await read(place, 'tls', 'server.crt'),
    }),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
