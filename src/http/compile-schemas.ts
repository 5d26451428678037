import AjvCompiler, { type BuildCompilerFromPool } from '@fastify/ajv-compiler'

/** What nobody knows is refused instead of dropped, and what comes twice, too. */
const OPTIONS = { removeAdditional: false, discriminator: true }

/**
 * For Fastify. Queries, paths and headers are text, so numbers are read out of them. Bodies have types of
 * their own: there `"1"` is no number, and `null` neither 0 nor false.
 */
export function createBuildValidator(): BuildCompilerFromPool {
  const build = AjvCompiler()
  return (schemas) => {
    const ofText = build(schemas, { customOptions: { ...OPTIONS, coerceTypes: true } })
    const ofBodies = build(schemas, { customOptions: { ...OPTIONS, coerceTypes: false } })
    // Its type says that it gets a schema; it gets the part of a route that the schema is of.
    const isBody = (part: unknown) => (part as { httpPart?: string }).httpPart === 'body'
    return (part) => (isBody(part) ? ofBodies : ofText)(part)
  }
}
