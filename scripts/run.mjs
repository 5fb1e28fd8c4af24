// Runs one TypeScript entry point of a workspace: builds what is stale, then hands over to the compiled file.
//   node scripts/run.mjs network/src/node/cli.ts up --config FILE
import { spawn } from 'node:child_process'
import path from 'node:path'
import { build, root } from './build.mjs'
import { runtime } from './runtime.mjs'

const [entry, ...args] = process.argv.slice(2)
if (!entry) {
  process.stderr.write('usage: node scripts/run.mjs WORKSPACE/src/FILE.ts [ARGUMENT ...]\n')
  process.exit(2)
}
build()
const [workspace, ...rest] = entry.split('/')
const compiled = path.join(root, workspace, 'dist', ...rest).replace(/\.ts$/, '.js')
const child = spawn(runtime(), [compiled, ...args], {
  stdio: 'inherit',
  cwd: process.env.INIT_CWD ?? process.cwd(),
})
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)))
