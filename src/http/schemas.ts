import Type, { type Static, type TSchema } from 'typebox'

/** RFC 9457. Every answer that is not a success has this shape. */
export const Problem = Type.Object(
  {
    type: Type.String({ description: 'about:blank: the status says it all' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'For people: what is wrong and what to do' }),
    requestId: Type.String({ description: 'Also in the header x-request-id and in our logs' }),
    errors: Type.Optional(
      Type.Array(Type.Object({ field: Type.String(), message: Type.String() }), {
        description: 'The fields that are wrong',
      }),
    ),
  },
  {
    $id: 'Problem',
    title: 'Problem',
    examples: [
      {
        type: 'about:blank',
        title: 'Bad Request',
        status: 400,
        detail: 'filters.boundaries[0] must have 4 numbers: [left, bottom, right, top]',
        requestId: '0b8ec0c5-5f31-4a0e-8f0e-0a7a9ad0f9a1',
        errors: [{ field: 'filters.boundaries[0]', message: 'must have 4 numbers' }],
      },
    ],
  },
)
export type Problem = Static<typeof Problem>

/** A schema that the OpenAPI document shows once, by its name, keeping its static type. */
export function named<const S extends TSchema>(schema: S) {
  const { $id } = schema as { $id?: string }
  if ($id === undefined) throw new Error('a named schema needs an $id')
  return Type.Unsafe<Static<S>>(Type.Ref(`${$id}#`))
}

const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: named(Problem) } },
})

/** What every route behind a token can answer. */
export const COMMON_PROBLEMS = {
  400: problem('The request is wrong: `errors` names the fields'),
  401: problem('No token, or one that is not valid any more'),
  403: problem('The token has not the role that is needed'),
  429: problem('Too many requests: wait as long as Retry-After says'),
  503: problem('Not now: try again after Retry-After'),
}

export const NOT_FOUND = { 404: problem('There is no such thing') }
export const CONFLICT = { 409: problem('Not in this state') }

export const BEARER = [{ bearer: [] }]

/** Reads a number as the original's API has it: an opaque place to go on from. */
export const NextOffset = Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], {
  description:
    'Opaque: hand it back as `offset` to get the next page; null on the last page. It is no count of vehicles.',
})
