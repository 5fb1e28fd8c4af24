import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { committed, derivedFiles } from './generate.ts'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..')

describe('what is derived from the routes', function () {
  this.timeout(30_000)
  it('is committed as it would be generated now', async () => {
    for (const [file, text] of Object.entries(await derivedFiles(root)))
      expect(
        committed(root, file) === text,
        `${file}: run gateway/src/client/generate.ts`,
      ).to.equal(true)
  })
})
