import type { z } from 'zod'
import { LearningFault } from './fault.ts'

/**
 * A model that comes from a file or from another party, as far as a schema can tell what it is.
 *
 * @throws LearningFault LEARNING_MODEL, with the path of what is wrong.
 */
export function parsed<T>(schema: z.ZodType<T>, json: unknown): T {
  const outcome = schema.safeParse(json)
  if (outcome.success) return outcome.data
  const [issue] = outcome.error.issues
  throw new LearningFault('LEARNING_MODEL', `${issue?.path.join('.')}: ${issue?.message}`)
}
