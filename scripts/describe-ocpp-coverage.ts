import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Action, ActionTable } from '../src/ocpp/action.ts'
import { actions16 } from '../src/ocpp/v16/actions.ts'
import { actions201, LATER_FROM, LATER_TO } from '../src/ocpp/v201/actions.ts'
import {
  ADVANCED_SECURITY_CASES,
  type CertificationCase,
  CORE_CASES,
  OPTIONAL_CASES,
} from './ocpp-cases.ts'

const root = resolve(import.meta.dirname, '..')

interface Version {
  readonly name: string
  /** Below src/ocpp and test/ocpp. */
  readonly folder: string
  readonly table: ActionTable
}

const VERSIONS: readonly Version[] = [
  { name: '1.6', folder: 'v16', table: actions16 },
  { name: '2.0.1', folder: 'v201', table: actions201 },
]

interface TestFile {
  /** Below test/. */
  readonly path: string
  readonly text: string
}

/** What of OCPP is done where, and which tests say that they are about it. */
export function describeOcppCoverage(): string {
  const tests = readTests()
  return `# OCPP coverage

Made by \`make docs\` from the tables of actions (\`src/ocpp/v16/actions.ts\`, \`src/ocpp/v201/actions.ts\`)
and from what tests say that they are about: \`1.6 Authorize\`, \`2.0.1 from *\` (every action that a charge
point calls), \`TC_E_01\` (a certification case); in \`test/ocpp/v16\` and \`v201\` also an action's row of a
table of cases. The tests of these two folders call an action between the checks of both its schemas, with
the real services and store behind it; \`socket\`, \`certification-gateway\` and \`certification-security\`
go over a WebSocket. Comments count for nothing. An action without a handler is answered NotSupported, and
its row is where it will be.

${VERSIONS.map((version) => describeVersion(version, tests)).join('\n')}
## Certification of a CSMS for OCPP 2.0.1

Which cases are asked for is in part 5, their steps are in part 6 §3. A test here checks the part of a CSMS:
what it answers and keeps; of a command, what it sends and what it makes of each answer. None of this is a
certificate. A case without a test is *open*, or *not here* if another part of the system has to do it.

${describeCases('Core, mandatory', CORE_CASES, tests)}
${describeCases('Core, optional features', OPTIONAL_CASES, tests)}
${describeCases('Advanced Security', ADVANCED_SECURITY_CASES, tests)}`
}

function describeVersion(version: Version, tests: readonly TestFile[]): string {
  const files = handlerFiles(version)
  const rows = Object.entries(version.table).map(([action, row]) => {
    const handlers = [...new Set(files.get(action) ?? [])].map(
      (file) => `[${file}](../src/ocpp/${version.folder}/${file})`,
    )
    const about = tests.filter((test) => isAbout(test, version, action, row))
    return `| ${action} | ${directionOf(row)} | ${handlers.join(', ') || 'later'} | ${list(about)} |`
  })
  const done = Object.values(version.table).filter((row) => row.from ?? row.to).length
  return `## OCPP ${version.name}

${done} of ${rows.length} actions.

| action | called by | handled in | tests |
|---|---|---|---|
${rows.join('\n')}
`
}

function describeCases(
  title: string,
  cases: readonly CertificationCase[],
  tests: readonly TestFile[],
): string {
  const described = cases.map(({ id, actions, name, elsewhere }) => {
    const about = tests.filter(({ text }) => has(text, id))
    const without = elsewhere === undefined ? '*open*' : `*not here*: ${elsewhere}`
    const row = `| ${id} | ${name} | ${actions.join(', ') || 'connection'} | ${list(about) || without} |`
    return { row, isOpen: about.length === 0 }
  })
  const open = described.filter(({ isOpen }) => isOpen).length
  return `### ${title}

${cases.length - open} of ${cases.length} cases have a test.

| case | name | about | tests |
|---|---|---|---|
${described.map(({ row }) => row).join('\n')}
`
}

function directionOf(row: Action): string {
  const isFrom = row.from !== undefined || row === LATER_FROM
  const isTo = row.to !== undefined || row === LATER_TO
  return [...(isFrom ? ['charge point'] : []), ...(isTo ? ['us'] : [])].join(', ')
}

/** From the source of the table: where what its rows name is imported from. */
function handlerFiles({ folder, table }: Version): Map<string, string[]> {
  const path = `src/ocpp/${folder}/actions.ts`
  const text = readFileSync(join(root, path), 'utf8')
  const fileOf = new Map<string, string>()
  for (const [, names = '', file = ''] of text.matchAll(/import \{([^}]+)\} from '\.\/([^']+)'/g)) {
    for (const name of names.split(',')) fileOf.set(name.trim(), file)
  }
  const files = new Map<string, string[]>()
  for (const [action, row] of Object.entries(table)) {
    const source = new RegExp(`^ {2}${action}: +(.+),$`, 'm').exec(text)?.[1] ?? ''
    const named = [...source.matchAll(/(?:from|to): (\w+)/g)]
    const found = named.flatMap(([, name = '']) => fileOf.get(name) ?? [])
    const wanted = [row.from, row.to].filter((side) => side !== undefined).length
    if (found.length !== wanted) throw new Error(`${path}: where is ${action} handled?`)
    files.set(action, found)
  }
  return files
}

function isAbout(
  { path, text }: TestFile,
  { name, folder }: Version,
  action: string,
  { from, to }: Action,
): boolean {
  if (has(text, `${name} ${action}`)) return true
  if (from !== undefined && text.includes(`${name} from *`)) return true
  if (to !== undefined && text.includes(`${name} to *`)) return true
  if (!path.startsWith(`ocpp/${folder}/`)) return false
  return new RegExp(`^ {2}${action}: \\{|action: '${action}'`, 'm').test(text)
}

/** As whole words. */
function has(text: string, words: string): boolean {
  return new RegExp(`(?<!\\w)${words.replaceAll('.', '\\.')}(?!\\w)`).test(text)
}

function list(tests: readonly TestFile[]): string {
  return tests.map(({ path }) => `\`${path.replace(/(\.test)?\.ts$/, '')}\``).join(' ')
}

function readTests(): TestFile[] {
  const folder = join(root, 'test')
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .toSorted()
    .map((path) => ({ path, text: withoutComments(readFileSync(join(folder, path), 'utf8')) }))
}

function withoutComments(text: string): string {
  return text.replaceAll(/^ *(\/\/|\/?\*).*$/gm, '')
}
