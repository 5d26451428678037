import t from 'tap'
import { createOpenapiDocument } from '../../scripts/openapi-document.ts'

const text = await createOpenapiDocument()
const document = JSON.parse(text)

t.test('every operation says what it is, what it answers and who may ask', async (t) => {
  const ids = new Set<string>()
  for (const [path, item] of Object.entries<Record<string, Operation>>(document.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const { operationId, summary, tags, security, responses } = operation
      t.ok(operationId && summary && tags?.length === 1, `${method} ${path}`)
      t.notOk(ids.has(operationId), `${operationId} is unique`)
      ids.add(operationId)
      t.ok(Object.keys(responses).some((status) => status.startsWith('2')))
      const isOpen = tags[0] === 'operations'
      t.equal(security === undefined, isOpen, `${path} needs a token`)
      t.equal(responses['401'] === undefined, isOpen)
      for (const parameter of operation.parameters ?? []) {
        if (parameter.in === 'query') t.ok(parameter.description ?? parameter.schema.enum, path)
      }
    }
  }
})

t.test('every reference leads somewhere', async (t) => {
  const references = [...text.matchAll(/"\$ref": "#\/components\/schemas\/([^"]+)"/g)]
  t.ok(references.length > 20)
  for (const [, name = ''] of references) t.ok(document.components.schemas[name], name)
})

interface Operation {
  operationId: string
  summary: string
  tags: string[]
  security?: unknown
  responses: Record<string, unknown>
  parameters?: { in: string; description?: string; schema: { enum?: unknown } }[]
}
