/** A process that puts the files of a lake in order, and says what it begins: `keeper.ts ENGINE_OPTIONS`. */
import { openEngine, type EngineOptions } from '../engine.ts'
import { keepUp } from '../history.ts'

const engine = await openEngine(JSON.parse(process.argv[2] ?? '') as EngineOptions)
process.stdout.write('OPEN\n')
await keepUp(engine, 0, step => process.stdout.write(`${step}\n`))
process.stdout.write('DONE\n')
