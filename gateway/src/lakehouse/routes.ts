import type { Handlers } from '../platform/http/bind.ts'
import { projectedHeight } from '../projection/project.ts'
import type { Services } from '../services.ts'
import { lakeStatus } from './status.ts'

export function lakeHandlers({ database }: Services): Handlers<'lake.get'> {
  return {
    'lake.get': async () => lakeStatus(database, await projectedHeight(database)),
  }
}
