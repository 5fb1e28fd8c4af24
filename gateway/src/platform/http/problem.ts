import type { ErrorRequestHandler, RequestHandler, Response } from 'express'
import { unavailability } from '../availability.ts'
import { CodedError, isFault } from '../faults.ts'
import type { Log } from '../log.ts'
import type { Problem } from './schemas.ts'

/** A coded fault as an RFC 9457 document. */
export function problemOf(fault: CodedError, instance?: string): Problem {
  return {
    type: `https://triflow.example/problems/${fault.code.toLowerCase().replaceAll('_', '-')}`,
    title: fault.code.toLowerCase().replaceAll('_', ' '),
    status: fault.status,
    code: fault.code,
    ...(fault.detail === undefined ? {} : { detail: fault.detail }),
    ...(instance === undefined ? {} : { instance }),
    ...(fault.fields.length === 0 ? {} : { errors: [...fault.fields] }),
    ...fault.facts,
  }
}

export function sendProblem(response: Response, problem: Problem): void {
  if (problem.status === 401) response.setHeader('www-authenticate', 'Bearer')
  if (problem.status === 503) response.setHeader('retry-after', '1')
  response.status(problem.status).type('application/problem+json').send(JSON.stringify(problem))
}

/** What body parsers and routers throw, as our codes. */
function asFault(error: unknown): CodedError {
  if (isFault(error)) return error
  const away = unavailability(error)
  if (away) return away
  const { type, status } = error as { type?: string; status?: number }
  if (type === 'entity.too.large') return new CodedError('BODY_TOO_LARGE')
  if (type === 'entity.parse.failed' || type === 'encoding.unsupported')
    return new CodedError('BODY_MALFORMED')
  if (status === 400) return new CodedError('REQUEST_INVALID')
  return new CodedError('INTERNAL', { cause: error })
}

export function problemHandler(log: Log): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const fault = asFault(error)
    if (fault.status >= 500) log.error({ err: error, path: request.path }, 'request failed')
    if (response.headersSent) {
      next(error)
      return
    }
    sendProblem(response, problemOf(fault, request.path))
  }
}

export const routeUnknown: RequestHandler = (request, _response, next) => {
  next(new CodedError('ROUTE_UNKNOWN', { detail: `${request.method} ${request.path}` }))
}
