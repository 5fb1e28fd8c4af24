import { createRequire } from 'node:module'
import path from 'node:path'

/** The folder of this workspace, found by its name: this code may run from its source, compiled, or in a bundle. */
export const workspaceFolder = (): string =>
  path.dirname(createRequire(import.meta.url).resolve('@triflow/network/package.json'))
