// Mocha reporter of `npm test`: one line per suite of claims while it runs, failures in full, and the sums as JSON
// in the file that TRIFLOW_TEST_RESULT names.
import { writeFileSync } from 'node:fs'

export default class Reporter {
  constructor(runner) {
    const sums = { passed: 0, failed: 0, skipped: 0, failures: [], slowest: [] }
    const titleOf = test => test.titlePath().join(' › ')
    runner.on('pass', test => {
      sums.passed += 1
      sums.slowest.push([test.duration ?? 0, titleOf(test)])
    })
    runner.on('pending', test => {
      sums.skipped += 1
      process.stdout.write(`    skipped: ${titleOf(test)}\n`)
    })
    runner.on('fail', (test, fault) => {
      sums.failed += 1
      sums.failures.push(titleOf(test))
      process.stdout.write(
        `    FAILED: ${titleOf(test)}\n${indent(fault.stack ?? String(fault))}\n`,
      )
    })
    runner.on('suite end', suite => {
      if (!suite.parent?.root) return
      const count = countOf(suite)
      process.stdout.write(`    ${suite.title} (${count})\n`)
    })
    const save = () => {
      sums.slowest = sums.slowest.sort((a, b) => b[0] - a[0]).slice(0, 5)
      writeFileSync(process.env.TRIFLOW_TEST_RESULT, JSON.stringify(sums))
    }
    runner.on('end', save)
  }
}

const indent = text => text.replace(/^/gm, '      ')
const countOf = suite =>
  suite.tests.length + suite.suites.reduce((sum, child) => sum + countOf(child), 0)
