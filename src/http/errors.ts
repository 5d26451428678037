import { STATUS_CODES } from 'node:http'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type ErrorKind, FleetgridError } from '../domain/errors.ts'
import type { Problem } from './schemas.ts'
import { describeFaults, type FieldError, type ValidationFault } from './validation.ts'

// The one place where an error becomes an HTTP answer, and where it is logged.

const STATUS: Readonly<Record<ErrorKind, number>> = {
  malformed: 400,
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  unsupported: 501,
  unavailable: 503,
}

/** What a caller reads where the error itself is not for them. */
const GENERIC_TEXT: Readonly<Record<ErrorKind, string>> = {
  malformed: 'The request can’t be read',
  invalid: 'The request is wrong',
  unauthenticated: 'A valid token is needed',
  forbidden: 'The token does not allow this',
  'not-found': 'There is no such thing',
  conflict: 'This is not possible in the present state',
  unsupported: 'This is not supported',
  unavailable: 'This is not available now: try again soon',
}

const RETRY_AFTER_S = '5'
const WRONG_TYPE = 'The body must be JSON, with the header content-type: application/json'
const TYPE = 'application/problem+json; charset=utf-8'

interface Answer {
  readonly status: number
  readonly detail: string
  readonly errors?: readonly FieldError[]
}

export function registerErrors(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => {
    const answer = toAnswer(error)
    log(error, answer, request)
    return sendProblem(request, reply, answer)
  })
}

/** Call it after the rate limiter: who tries paths at random is limited too. */
export function registerNotFound(
  app: FastifyInstance,
  limit?: ReturnType<FastifyInstance['rateLimit']>,
): void {
  const options = limit === undefined ? {} : { preHandler: limit }
  app.setNotFoundHandler(options, (request, reply) =>
    sendProblem(request, reply, { status: 404, detail: `No route ${request.method} here` }),
  )
}

/** For errors before a route is found, such as a URL that can't be decoded. */
export function handleFrameworkError(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  void sendProblem(request, reply, toAnswer(error))
}

export function toAnswer(error: unknown): Answer {
  if (error instanceof FleetgridError) return fromFleetgridError(error)
  if (!(error instanceof Error)) return bug()
  const { validation, validationContext, statusCode = 500 } = error as Partial<FastifyError>
  if (validation !== undefined) {
    const errors = describeFaults(validation as ValidationFault[], validationContext ?? 'request')
    return { status: 400, detail: sentence(errors), errors }
  }
  if (statusCode === 415) return { status: 415, detail: WRONG_TYPE }
  // Fastify and its plugins write these texts for callers.
  if (statusCode >= 400 && statusCode < 500) return { status: statusCode, detail: error.message }
  if (statusCode === 503) return { status: 503, detail: GENERIC_TEXT.unavailable }
  return bug()
}

function fromFleetgridError({ kind, publicMessage, details }: FleetgridError): Answer {
  const detail = publicMessage ?? GENERIC_TEXT[kind]
  const errors = fieldsOf(details, detail)
  return { status: STATUS[kind], detail, ...(errors.length === 0 ? {} : { errors }) }
}

/** Planned errors name one `field`, or several `fields`, in their details. */
function fieldsOf(details: Record<string, unknown> | undefined, message: string): FieldError[] {
  const { field, fields } = details ?? {}
  if (Array.isArray(fields)) return fields as FieldError[]
  return typeof field === 'string' ? [{ field, message }] : []
}

function sentence(errors: readonly FieldError[]): string {
  return errors.map(({ field, message }) => `${field} ${message}`).join('; ')
}

function bug(): Answer {
  return { status: 500, detail: 'This is our fault; the log has it under the request id' }
}

function sendProblem(request: FastifyRequest, reply: FastifyReply, answer: Answer): FastifyReply {
  const { status, detail, errors } = answer
  if (status === 503 && !reply.hasHeader('retry-after')) reply.header('retry-after', RETRY_AFTER_S)
  const problem: Problem = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail,
    requestId: request.id,
    ...(errors === undefined ? {} : { errors: [...errors] }),
  }
  // Already text: the schemas of a route's answers say nothing about problems they don't list.
  return reply.code(status).type(TYPE).serializer(String).send(JSON.stringify(problem))
}

/** Once, and only where a person must act as an error. */
function log(error: unknown, { status, detail }: Answer, request: FastifyRequest): void {
  const where = { method: request.method, route: request.routeOptions.url, status }
  if (status >= 500 && status !== 503) request.log.error({ ...where, err: error }, 'request failed')
  else if (status >= 500) request.log.warn({ ...where, err: error }, 'request not served')
  else request.log.debug({ ...where, detail }, 'request refused')
}
