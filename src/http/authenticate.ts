import fastifyJwt from '@fastify/jwt'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { FleetgridError, publicError } from '../domain/errors.ts'
import { type Keys, toAuthError } from './auth.ts'
import { type Caller, type Claims, hasRole, type NeededRole } from './caller.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Null until the scope's hook has checked the token. */
    caller: Caller | null
  }
}

/** Lets scopes check tokens; none is checked until a scope asks for it with `requireRole`. */
export async function registerTokens(app: FastifyInstance, keys: Keys): Promise<void> {
  await app.register(fastifyJwt, {
    decoratorName: 'caller',
    decode: { complete: true },
    secret: (_request: FastifyRequest, token: fastifyJwt.TokenOrHeader) =>
      keys.publicKey('header' in token ? token.header.kid : token.kid),
    verify: { ...keys.verifyOptions },
    formatUser: (claims) => keys.readClaims(claims as Claims),
  })
}

/** From here on the scope is for callers with a valid token and this role, or a higher one. */
export function requireRole(app: FastifyInstance, needed: NeededRole): void {
  const limit = app.hasDecorator('rateLimit') ? app.rateLimit() : undefined
  app.addHook('onRequest', async (request, reply) => {
    try {
      await request.jwtVerify()
    } catch (error) {
      // The route's own limit comes later and counts callers: who is none is counted by address.
      await limit?.call(app, request, reply)
      throw refuse(reply, toAuthError(error))
    }
    if (hasRole(callerOf(request), needed)) return
    reply.header('www-authenticate', 'Bearer realm="fleetgrid", error="insufficient_scope"')
    throw publicError('forbidden', `This needs the role ${needed} in the claim cognito:groups`)
  })
}

/** RFC 6750 §3: says why a token is refused, and nothing where none came. */
function refuse(reply: FastifyReply, refusal: unknown): unknown {
  if (!(refusal instanceof FleetgridError) || refusal.kind !== 'unauthenticated') return refusal
  const code = refusal.details?.['error']
  const reason = refusal.message.replaceAll(/[^\x20-\x7e]|["\\]/g, ' ')
  const why = code === undefined ? '' : `, error="${code}", error_description="${reason}"`
  reply.header('www-authenticate', `Bearer realm="fleetgrid"${why}`)
  return refusal
}

/** Of a route behind `requireRole`. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === null) throw new Error('this route is not behind requireRole')
  return request.caller
}
