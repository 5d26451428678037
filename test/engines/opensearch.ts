import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { ensureInstalled } from './debian.ts'
import { choosePort, type Engine, type EngineOptions, startEngine } from './engine.ts'
import { fetchJars } from './opensearch/jars.ts'

export interface OpenSearchOptions extends EngineOptions {
  /** Memory of the Java heap. */
  readonly heapMb?: number
  /** `tests`, the default, starts fast; `measurements` runs fast, as it would in production. */
  readonly purpose?: 'tests' | 'measurements'
  /** Further settings of opensearch.yml, such as { 'http.max_content_length': '1mb' }. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>
}

const HEAP_MB = 1024
const READY_WITHIN_MS = 180_000
const JAVA_VERSION_MIN = 17

// Out of memory ends it instead of leaving requests without an answer. The serial collector and
// one compiler start fastest on few cores.
const JAVA_FLAGS = {
  tests: ['-XX:+ExitOnOutOfMemoryError', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
  measurements: ['-XX:+ExitOnOutOfMemoryError', '-XX:+UseG1GC'],
} as const

/** A single OpenSearch 2.19 node without the security plugin, on 127.0.0.1 only. */
export async function startOpenSearch(options: OpenSearchOptions): Promise<Engine> {
  await ensureInstalled('java')
  checkJava()
  const jars = await fetchJars()
  const folder = resolve(options.folder)
  const port = await choosePort(options.port)
  const heap = options.heapMb ?? HEAP_MB
  const settings = Object.entries(options.settings ?? {}).map(([key, value]) => `${key}=${value}`)
  const program = resolve(import.meta.dirname, 'opensearch/OpenSearchNode.java')
  const java = [`-Xms${heap}m`, `-Xmx${heap}m`, ...JAVA_FLAGS[options.purpose ?? 'tests']]
  const url = `http://127.0.0.1:${port}`
  return startEngine({
    name: 'OpenSearch',
    command: 'java',
    args: [...java, '-cp', `${jars}/*`, program, String(port), folder, ...settings],
    options: { folder, port },
    url,
    cwd: folder,
    ready: () => answers(url),
    readyWithinMs: READY_WITHIN_MS,
  })
}

function checkJava(): void {
  const { stderr = '' } = spawnSync('java', ['-version'], { encoding: 'utf8' })
  const version = Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0)
  if (version < JAVA_VERSION_MIN) {
    const found = version === 0 ? 'none was found' : `this is ${version}`
    throw new Error(
      `OpenSearch needs Java ${JAVA_VERSION_MIN} or later; ${found}. On Debian: apt-get install default-jdk-headless maven`,
    )
  }
}

/** Its indices are back too, not only its port. */
async function answers(url: string): Promise<boolean> {
  const signal = AbortSignal.timeout(5000)
  const answer = await fetch(`${url}/_cluster/health?wait_for_status=yellow&timeout=3s`, { signal })
  return answer.ok
}
