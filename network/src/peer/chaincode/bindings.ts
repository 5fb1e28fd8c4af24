import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

/** Where the process of a chaincode package listens, as this peer dials it. */
const bindingSchema = z.object({
  packageId: z.string().min(1).max(512),
  /** `host:port` */
  address: z.string().regex(/^[^\s/]+:\d{1,5}$/, 'expected host:port'),
  tls: z
    .object({
      rootCertPem: z.string().min(1),
      clientCertPem: z.string().optional(),
      clientKeyPem: z.string().optional(),
    })
    .optional(),
})

export type Binding = z.infer<typeof bindingSchema>

const fileSchema = z.object({ bindings: z.array(bindingSchema) })

/** @throws Error naming the first field that is wrong. */
export function parseBinding(value: unknown): Binding {
  const parsed = bindingSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new Error(`invalid binding: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`)
}

export interface Bindings {
  get(packageId: string): Binding | undefined
  all(): readonly Binding[]
  /** Returns once the binding is on disk. */
  put(binding: Binding): Promise<void>
}

async function readBindings(path: string): Promise<Binding[]> {
  try {
    return fileSchema.parse(JSON.parse(await readFile(path, 'utf8'))).bindings
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** Written beside and renamed, so a crash leaves the old file or the new one. */
async function writeBindings(path: string, bindings: readonly Binding[]): Promise<void> {
  const file = await open(`${path}.new`, 'w', 0o600)
  try {
    await file.writeFile(JSON.stringify({ bindings }, undefined, 2))
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.new`, path)
}

export async function openBindings(directory: string): Promise<Bindings> {
  await mkdir(directory, { recursive: true })
  const path = join(directory, 'bindings.json')
  const byPackage = new Map((await readBindings(path)).map(b => [b.packageId, b]))
  let lastWrite: Promise<void> = Promise.resolve()
  return {
    get: packageId => byPackage.get(packageId),
    all: () => [...byPackage.values()],
    put: binding => {
      byPackage.set(binding.packageId, binding)
      const content = [...byPackage.values()]
      lastWrite = lastWrite.catch(() => undefined).then(() => writeBindings(path, content))
      return lastWrite
    },
  }
}
