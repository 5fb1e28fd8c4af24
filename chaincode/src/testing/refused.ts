/** Expects a refusal with a code; of a refused batch, the code of its first refused item. */
import { expect } from 'chai'
import type { Answer } from './world.ts'

export const refused = async (answer: Promise<Answer>, code: string): Promise<void> => {
  const result = await answer
  if (result.ok) return expect.fail(`accepted, expected ${code}`)
  const inner = result.fault?.refusals as { code: string }[] | undefined
  expect(inner?.[0]?.code ?? result.code).to.equal(code)
}
