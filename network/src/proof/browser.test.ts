import { readdirSync, readFileSync } from 'node:fs'
import { expect } from 'chai'

describe('src/proof in a browser', () => {
  const folder = new URL('.', import.meta.url)
  const sources = readdirSync(folder).filter(
    name => name.endsWith('.ts') && !name.endsWith('.test.ts'),
  )

  for (const name of sources) {
    it(`${name} imports nothing of Node.js and nothing of ours outside this folder`, () => {
      const text = readFileSync(new URL(name, folder), 'utf8')
      const imports = [...text.matchAll(/(?:from|import\()\s*'([^']+)'/g)].map(match => match[1])
      for (const source of imports) {
        expect(source).to.match(/^(\.\/[a-z0-9-]+\.ts|@noble\/(curves|hashes)\/[a-z0-9.]+)$/)
      }
      expect(text).not.to.match(/\b(Buffer|process|require)\b(?!’)/)
    })
  }
})
