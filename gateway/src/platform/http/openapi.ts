import { z } from 'zod'
import type { Route } from './route.ts'
import { Problem } from './schemas.ts'

type Json = Record<string, unknown>

/** Schemas registered with an id become components; everything else stays in place. */
function jsonSchema(schema: z.ZodType, io: 'input' | 'output', components: Json): Json {
  const made = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json
  const { $defs, $schema, id, ...rest } = made
  void $schema
  for (const [name, definition] of Object.entries(($defs as Json | undefined) ?? {})) {
    const { id: _id, ...body } = definition as Json
    components[name] = relocate(body)
  }
  if (typeof id === 'string') {
    components[id] = relocate(rest)
    return { $ref: `#/components/schemas/${id}` }
  }
  return relocate(rest) as Json
}

function relocate(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(relocate)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, inner]) => [
    key,
    key === '$ref' && typeof inner === 'string'
      ? inner.replace('#/$defs/', '#/components/schemas/')
      : relocate(inner),
  ])
  return Object.fromEntries(entries)
}

function parameters(route: Route, components: Json): Json[] {
  const found: Json[] = []
  for (const [place, schema] of [
    ['path', route.params],
    ['query', route.query],
  ] as const) {
    if (!schema) continue
    const object = jsonSchema(schema, 'input', components)
    const required = new Set((object['required'] as string[] | undefined) ?? [])
    for (const [name, property] of Object.entries((object['properties'] as Json | undefined) ?? {}))
      found.push({
        name,
        in: place,
        required: place === 'path' || required.has(name),
        schema: property,
      })
  }
  if (route.write)
    found.push({
      name: 'Idempotency-Key',
      in: 'header',
      required: true,
      schema: { type: 'string', minLength: 8, maxLength: 100 },
    })
  return found
}

function operationOf(name: string, route: Route, components: Json): Json {
  const status = String(route.status ?? 200)
  const answer = {
    description: route.summary,
    content: {
      [route.responseMedia ?? 'application/json']: {
        schema: jsonSchema(route.response, 'output', components),
      },
    },
  }
  const problem = {
    description: 'Refused; `code` says why',
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  }
  return {
    operationId: name,
    summary: route.summary,
    tags: [name.split('.')[0]],
    'x-roles': route.access,
    ...(route.access === 'anyone' ? { security: [] } : {}),
    parameters: parameters(route, components),
    ...requestBody(route, components),
    responses: { [status]: answer, default: problem },
  }
}

function requestBody(route: Route, components: Json): Json {
  if (route.bodyMedia)
    return {
      requestBody: {
        required: true,
        content: { [route.bodyMedia]: { schema: { type: 'string', format: 'binary' } } },
      },
    }
  if (!route.body) return {}
  return {
    requestBody: {
      required: true,
      content: { 'application/json': { schema: jsonSchema(route.body, 'input', components) } },
    },
  }
}

/** The OpenAPI 3.1 document of a table of routes. */
export function openApi(table: Record<string, Route>, version: string): Json {
  const components: Json = {}
  jsonSchema(Problem, 'output', components)
  const paths: Record<string, Json> = {}
  for (const [name, route] of Object.entries(table)) {
    const path = route.path.replace(/:(\w+)/g, '{$1}')
    paths[path] = {
      ...paths[path],
      [route.method.toLowerCase()]: operationOf(name, route, components),
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'TriFlow gateway',
      version,
      description:
        'The service of one organisation. Money is fen as decimal strings; every write carries an Idempotency-Key; errors are problem+json with a stable code.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    security: [{ bearer: [] }],
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(components).sort(([a], [b]) => (a < b ? -1 : 1))),
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  }
}
