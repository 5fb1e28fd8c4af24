// The file that `deploy` reads: which chaincode, under which policy, and where its service answers each peer.
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { chaincodePackage, labelOf, packageIdOf } from './chaincode-package.ts'
import { collection, parseWith, readStructured } from './definition.ts'
import { NetworkFault } from './fault.ts'

const address = z.string().regex(/^[A-Za-z0-9.-]+:[0-9]{1,5}$/, 'host:port')

const schema = z.strictObject({
  channel: z.string().min(1),
  name: z.string().regex(/^[A-Za-z0-9]+([-_][A-Za-z0-9]+)*$/, 'a chaincode name'),
  version: z
    .string()
    .regex(/^[A-Za-z0-9_.+-]+$/, 'a chaincode version')
    .default('1.0'),
  sequence: z.int().min(1).default(1),
  packageId: z.string().min(1).max(200).optional(),
  /** Fabric's policy syntax; absent: a majority of the organisations. */
  policy: z.string().min(1).optional(),
  collections: z.union([z.array(collection), z.string()]).optional(),
  initRequired: z.boolean().optional(),
  service: z
    .strictObject({
      /** Address of the chaincode service per peer, by the peer's full name. */
      addresses: z.record(z.string(), address),
      tls: z.union([z.literal(false), z.strictObject({ rootCert: z.string() })]).default(false),
    })
    .optional(),
  /** Path of a package file; absent: the package of the label in packageId, built here. */
  package: z.string().optional(),
})

export type DeploymentFile = z.input<typeof schema>

/** A deployment with its files read. */
export interface Deployment {
  channel: string
  name: string
  version: string
  sequence: number
  packageId: string
  packageBytes: Uint8Array
  policy?: string
  collections?: z.output<typeof collection>[]
  initRequired: boolean
  addresses: Record<string, string>
  tlsRootCert?: string
}

/** Reads a deployment file. Throws `NetworkFault` DEFINITION_UNREADABLE, DEFINITION_INVALID, PACKAGE_ID_DIFFERS. */
export function readDeployment(file: string): Deployment {
  return parseDeployment(readStructured(file), file)
}

/** As `readDeployment`, from a plain value; relative paths start at the folder of `file`. */
export function parseDeployment(value: unknown, file = 'deployment'): Deployment {
  const parsed = parseWith(schema, value, file)
  const folder = path.dirname(path.resolve(file))
  const { packageId, bytes } = packageOf(parsed, folder)
  const collections =
    typeof parsed.collections === 'string'
      ? parseWith(
          z.array(collection),
          readStructured(path.resolve(folder, parsed.collections)),
          parsed.collections,
        )
      : parsed.collections
  const tls = parsed.service?.tls
  return {
    channel: parsed.channel,
    name: parsed.name,
    version: parsed.version,
    sequence: parsed.sequence,
    packageId,
    packageBytes: bytes,
    ...(parsed.policy ? { policy: parsed.policy } : {}),
    ...(collections ? { collections } : {}),
    initRequired: parsed.initRequired ?? false,
    addresses: parsed.service?.addresses ?? {},
    ...(tls ? { tlsRootCert: rootCertOf(tls.rootCert, folder) } : {}),
  }
}

type Parsed = z.output<typeof schema>

function packageOf(parsed: Parsed, folder: string): { packageId: string; bytes: Uint8Array } {
  const label = parsed.packageId ? labelOf(parsed.packageId) : `${parsed.name}_${parsed.version}`
  if (parsed.package) return packageOfFile(parsed, label, path.resolve(folder, parsed.package))
  const built = chaincodePackage(label)
  const packageId = parsed.packageId ?? built.packageId
  // Any other id is a package the peers have already, or one that the embedded ledger takes as a mere name.
  return { packageId, bytes: packageId === built.packageId ? built.bytes : new Uint8Array() }
}

function packageOfFile(
  parsed: Parsed,
  label: string,
  file: string,
): { packageId: string; bytes: Uint8Array } {
  if (!existsSync(file))
    throw new NetworkFault('DEFINITION_UNREADABLE', `package: ${file} does not exist`, { file })
  const bytes = new Uint8Array(readFileSync(file))
  const computed = packageIdOf(label, bytes)
  const packageId = parsed.packageId ?? computed
  if (packageId === computed) return { packageId, bytes }
  const message = `packageId: the package's id is ${computed}, not ${packageId}`
  throw new NetworkFault('PACKAGE_ID_DIFFERS', message, { expected: computed, packageId })
}

function rootCertOf(text: string, folder: string): string {
  return text.includes('-----BEGIN') ? text : readFileSync(path.resolve(folder, text), 'utf8')
}
