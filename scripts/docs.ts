import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { generatedDocuments } from './generated-documents.ts'

// Writes every generated document; with --check it only tells which ones are stale.

const { values } = parseArgs({ options: { check: { type: 'boolean' } } })
let stale = 0
for (const { path, text } of await generatedDocuments()) {
  if (readFileOr(path, '') === text) continue
  stale += 1
  console.log(values.check ? `${path} is stale: run make docs` : `${path} written`)
  if (!values.check) writeFileSync(path, text)
}
if (values.check && stale > 0) process.exitCode = 1

function readFileOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return otherwise
  }
}
