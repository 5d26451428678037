import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import t from 'tap'

// The house rules that a machine can check. A rule that hurts is changed here, by an ADR.

const root = resolve(import.meta.dirname, '..')
const LINES_MAX = 400

/** Who may import whom, by the first folder below src. Files in src itself wire and may import all. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  domain: [],
  lib: [],
  ports: ['domain'],
  config: [],
  adapters: ['domain', 'ports', 'lib', 'config'],
  http: ['domain', 'ports', 'lib', 'config'],
  telemetry: ['domain', 'ports', 'lib', 'http'],
  fleet: ['domain', 'ports', 'lib', 'http'],
  'dead-letters': ['domain', 'ports', 'lib', 'http'],
  anomalies: ['domain', 'ports', 'lib', 'http'],
  submissions: ['domain', 'ports', 'lib', 'http'],
  firehose: ['domain', 'ports', 'lib', 'http'],
  archive: ['domain', 'ports', 'lib', 'http'],
  retention: ['domain', 'ports', 'lib', 'http'],
  charging: ['domain', 'ports', 'lib', 'http'],
  ocpp: ['domain', 'ports', 'lib', 'http', 'charging'],
}

/** Packages that belong to one room. */
const MAY_USE: Record<string, readonly string[]> = {
  aedes: ['adapters', 'test'],
  'node:sqlite': ['adapters', 'bench', 'scripts', 'test'],
  'fast-jwt': ['http', 'scripts', 'test'],
  'mqtt-packet': ['adapters', 'bench', 'test'],
  mqtt: ['simulators', 'test', 'bench'],
  '@opensearch-project/opensearch': ['adapters', 'bench', 'test'],
  'aws-iot-device-sdk-v2': ['adapters', 'test', 'bench'],
  '@aws-sdk/client-sqs': ['adapters', 'simulators', 'test', 'bench', 'scripts'],
  '@aws-sdk/client-kinesis': ['adapters', 'test', 'bench', 'scripts'],
  '@aws-sdk/client-dynamodb': ['test'],
  '@aws-sdk/client-dynamodb-streams': ['test'],
  '@aws-sdk/client-s3': ['adapters', 'test', 'bench', 'scripts'],
  'typed-ocpp': ['ocpp', 'test', 'scripts'],
  ajv: ['ocpp', 'test'],
  pg: ['adapters', 'bench', 'test'],
  kysely: ['adapters', 'test'],
  fauxqs: ['adapters', 'test', 'bench'],
  kinesalite: ['test', 'bench'],
}

/** These import nothing but Node itself. */
const NODE_ONLY = new Set(['domain', 'lib', 'ports'])

interface SourceFile {
  readonly path: string
  readonly text: string
  readonly imports: readonly string[]
}

function readSources(folder: string): SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => {
      const path = relative(root, join(entry.parentPath, entry.name))
      const text = readFileSync(join(root, path), 'utf8')
      const imports = [...text.matchAll(/(?:from|import\()\s*'([^']+)'|^import '([^']+)'/gm)]
      return { path, text, imports: imports.map((match) => match[1] ?? match[2] ?? '') }
    })
}

const src = readSources('src')
const simulators = readSources('simulators')
const everything = [...src, ...simulators, ...['test', 'bench', 'scripts'].flatMap(readSources)]

function roomOf(path: string): string {
  const parts = path.split('/')
  if (parts[0] !== 'src') return parts[0] ?? ''
  return parts.length > 2 ? (parts[1] ?? '') : 'src'
}

function target(file: SourceFile, specifier: string): string {
  return relative(root, resolve(root, dirname(file.path), specifier))
}

t.test('rooms import only what the table allows', async (t) => {
  for (const file of src) {
    const room = roomOf(file.path)
    if (room === 'src') continue
    const allowed = MAY_IMPORT[room]
    t.ok(allowed, `${room} has a row in the import table`)
    for (const specifier of file.imports.filter((name) => name.startsWith('.'))) {
      const other = roomOf(target(file, specifier))
      if (other !== room) t.ok(allowed?.includes(other), `${file.path} may import ${specifier}`)
    }
  }
})

t.test('domain, lib and ports use nothing but Node', async (t) => {
  for (const file of src.filter(({ path }) => NODE_ONLY.has(roomOf(path)))) {
    for (const name of file.imports.filter((name) => !name.startsWith('.'))) {
      t.match(name, /^node:/, `${file.path} imports ${name}`)
    }
  }
})

t.test('packages stay in their rooms', async (t) => {
  for (const file of everything) {
    for (const name of file.imports) {
      const rooms = MAY_USE[name]
      if (rooms !== undefined) t.ok(rooms.includes(roomOf(file.path)), `${file.path} uses ${name}`)
    }
  }
})

t.test('the schemas of OCPP are imported without the rest of their package', async (t) => {
  // Which compiles all of them when it is loaded: nine seconds and 250 MB.
  for (const { path, text } of src)
    t.notMatch(text, /^import (?!type )(?:\{[^}]*\}|[^'{\n]*) from 'typed-ocpp'/m, path)
})

t.test('the emulator behind the embedded queue is loaded by its worker only', async (t) => {
  const folder = 'src/adapters/work-queue/embedded/'
  for (const { path, text } of src.filter(({ path }) => !path.startsWith(folder))) {
    t.notMatch(text, /^import (?!type )[^']*'(fauxqs|[^']*\/embedded\/queue-server[^']*)'/m, path)
  }
})

t.test('imports run one way, those of types too', async (t) => {
  const left = new Map(
    [...src, ...simulators].map((file) => {
      const local = file.imports.filter((name) => name.startsWith('.'))
      return [file.path, local.map((specifier) => target(file, specifier))]
    }),
  )
  // Whoever imports nothing that is left is in no circle: what stays is circles and who imports them.
  let before = Infinity
  while (left.size < before) {
    before = left.size
    for (const [path, targets] of left) {
      if (!targets.some((other) => left.has(other))) left.delete(path)
    }
  }
  t.strictSame([...left.keys()], [])
})

t.test('simulators are ordinary clients and share no code with the server', async (t) => {
  for (const file of simulators) {
    for (const specifier of file.imports.filter((name) => name.startsWith('.'))) {
      t.match(target(file, specifier), /^simulators\//, `${file.path} imports ${specifier}`)
    }
  }
})

t.test('the environment is read in one place', async (t) => {
  for (const { path, text } of src) {
    if (path !== 'src/config/env.ts') t.notMatch(text, /process\.env/, path)
  }
})

t.test('no barrel files', async (t) => {
  for (const { path } of everything) t.notMatch(path, /(^|\/)index\.ts$/, path)
})

t.test(`no file is longer than ${LINES_MAX} lines`, async (t) => {
  for (const { path, text } of everything) {
    t.ok(text.split('\n').length <= LINES_MAX + 1, path)
  }
})

t.test('no test sleeps, is skipped or focused', async (t) => {
  for (const { path, text } of everything.filter(({ path }) => path.endsWith('.test.ts'))) {
    if (path === 'test/tidy.test.ts') continue
    t.notMatch(text, /\.(only|skip|todo)\(|(only|skip|todo): true/, path)
    t.notMatch(
      text,
      /await (setTimeout|sleep|delay|pause|wait)\(/,
      `${path} waits for conditions, not for time`,
    )
  }
})
