import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import t from 'tap'
import { generatedDocuments } from '../scripts/generated-documents.ts'

for (const { path, text } of await generatedDocuments()) {
  t.test(`${basename(path)} is what the code says`, async (t) => {
    t.ok(readFileSync(path, 'utf8') === text, 'else run: make docs')
  })
}
