import { existsSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'
import { memoryOfTree } from '../pilot/memory.ts'
import { REPOSITORY, cpuByProcess, program, spent, temporaryFolder } from './index.ts'

describe('Ground of the benchmarks', () => {
  it('finds the checkout and a program of it', () => {
    expect(existsSync(path.join(REPOSITORY, 'package-lock.json'))).to.equal(true)
    expect(existsSync(program('network', 'node/cli').at(-1) ?? '')).to.equal(true)
  })

  it('lets other users pass through a temporary folder', () => {
    const folder = temporaryFolder('test')
    expect(statSync(folder).mode & 0o777).to.equal(0o755)
    rmSync(folder, { recursive: true })
  })

  it('takes the difference of two readings per process', () => {
    const before = new Map([['peer', 1.5]])
    const after = new Map([
      ['peer', 2],
      ['client', 3],
    ])
    expect([...spent(before, after)]).to.deep.equal([
      ['peer', 0.5],
      ['client', 3],
    ])
  })

  it('counts a process that ended as one that used nothing', () => {
    expect(cpuByProcess(new Map([['gone', [2 ** 30]]])).get('gone')).to.equal(0)
  })

  it('sees at least the memory of this process', async function () {
    if (!existsSync('/proc/self/smaps_rollup')) this.skip()
    expect(await memoryOfTree(process.pid)).to.be.greaterThan(10 * 2 ** 20)
  })
})
