import { chmodSync, existsSync, mkdtempSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** The checkout: the nearest folder above this file that holds the lock file of the workspaces. */
export const REPOSITORY = repositoryAbove(path.dirname(fileURLToPath(import.meta.url)))

function repositoryAbove(folder: string): string {
  if (existsSync(path.join(folder, 'package-lock.json'))) return folder
  if (folder === path.dirname(folder)) throw new Error('package-lock.json is nowhere above')
  return repositoryAbove(path.dirname(folder))
}

const fromSource = import.meta.url.endsWith('.ts')

/** Node's arguments for a program of a workspace: compiled, or from source when this code itself runs from source. */
export function program(workspace: string, file: string): string[] {
  const folder = path.join(REPOSITORY, workspace)
  if (!fromSource) return [path.join(folder, 'dist/src', `${file}.js`)]
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
  const source = path.join(folder, 'src', `${file}.ts`)
  return ['--conditions=triflow-source', '--import', loader, source]
}

/** Other operating-system users may pass through it: PostgreSQL does not run as root. */
export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), `triflow-bench-${name}-`))
  chmodSync(folder, 0o755)
  return folder
}
