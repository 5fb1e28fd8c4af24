// The package of a chaincode that runs as a service. Its bytes, and so its id, depend on the label alone: uncompressed
// gzip (compressors differ between versions), fixed owner and time. Each peer learns its own service's address from `deploy`.
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { NetworkFault } from './fault.ts'

const BLOCK_BYTES = 512
/** Fabric's own rule for labels. */
const LABEL = /^[a-zA-Z0-9]+([.+\-_][a-zA-Z0-9]+)*$/

export interface ChaincodePackage {
  /** `label:sha256`, as Fabric computes it; the chaincode registers with it. */
  packageId: string
  bytes: Uint8Array
}

/** Builds the package of a label. Throws `NetworkFault` LABEL_INVALID. */
export function chaincodePackage(label: string): ChaincodePackage {
  if (!LABEL.test(label) || label.length > 64)
    throw new NetworkFault('LABEL_INVALID', `"${label}" is not a chaincode package label`)
  const connection = { address: 'unbound:0', dial_timeout: '10s', tls_required: false }
  const code = gzip(tar([{ name: 'connection.json', content: JSON.stringify(connection) }]))
  const metadata = JSON.stringify({ type: 'ccaas', label })
  const bytes = gzip(
    tar([
      { name: 'metadata.json', content: metadata },
      { name: 'code.tar.gz', content: code },
    ]),
  )
  return { packageId: packageIdOf(label, bytes), bytes }
}

export function packageIdOf(label: string, bytes: Uint8Array): string {
  return `${label}:${createHash('sha256').update(bytes).digest('hex')}`
}

/** The label in a package id. */
export function labelOf(packageId: string): string {
  return packageId.slice(0, Math.max(0, packageId.lastIndexOf(':'))) || packageId
}

function gzip(content: Uint8Array): Uint8Array {
  const bytes = gzipSync(content, { level: 0 })
  // The header's operating system field differs between builds of zlib.
  bytes[9] = 0xff
  return bytes
}

interface TarEntry {
  name: string
  content: string | Uint8Array
}

function tar(entries: TarEntry[]): Uint8Array {
  const blocks = entries.flatMap(entry => {
    const content = Buffer.from(entry.content)
    const padding = Buffer.alloc((BLOCK_BYTES - (content.length % BLOCK_BYTES)) % BLOCK_BYTES)
    return [tarHeader(entry.name, content.length), content, padding]
  })
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK_BYTES)])
}

function tarHeader(name: string, size: number): Buffer {
  const header = Buffer.alloc(BLOCK_BYTES)
  const octal = (value: number, width: number): string => value.toString(8).padStart(width - 1, '0')
  header.write(name, 0)
  header.write(octal(0o644, 8), 100)
  header.write(octal(0, 8), 108)
  header.write(octal(0, 8), 116)
  header.write(octal(size, 12), 124)
  header.write(octal(0, 12), 136)
  header.write('        ', 148)
  header.write('0', 156)
  header.write('ustar\x0000', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${octal(sum, 7)}\0 `, 148)
  return header
}
