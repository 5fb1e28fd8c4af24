// Starts the bundle beside this file with the code that V8 made of it at the last build. Code of another Node, or
// none, only costs the time to make it again.
import { readFileSync, writeFileSync } from 'node:fs'
import Module, { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import vm from 'node:vm'

const file = fileURLToPath(import.meta.url).replace(/\.mjs$/, '.bundle.cjs')
const codeFile = `${file}.code`
const isKeeping = process.argv[2] === '--keep-code'

function keptCode() {
  try {
    return isKeeping ? undefined : readFileSync(codeFile)
  } catch {
    return undefined
  }
}

// Modules that are not in the bundle; Node 20 cannot.
Module.enableCompileCache?.(path.join(path.dirname(file), 'modules.code'))

const script = new vm.Script(Module.wrap(readFileSync(file, 'utf8')), {
  filename: file,
  cachedData: keptCode(),
  importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
})
// The process itself ends at once for want of settings.
if (isKeeping) process.on('exit', () => writeFileSync(codeFile, script.createCachedData()))
const module = { exports: {} }
script.runInThisContext()(module.exports, createRequire(file), module, file, path.dirname(file))
