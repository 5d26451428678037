import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { run } from '../../test/engines/debian.ts'
import { findCommand } from '../../test/engines/engine.ts'
import { withLock } from '../../test/engines/lock.ts'

const VERSION = 'v1.37.2'
const PACKAGE = 'github.com/influxdata/telegraf/cmd/telegraf'
/** Only these plugins are compiled: two minutes instead of half an hour. */
const TAGS = 'custom,inputs.mqtt_consumer,outputs.opensearch,parsers.json'
const CACHE = resolve(import.meta.dirname, '../../node_modules/.cache/fleetgrid-telegraf')

/** The binary, built once from the Go module proxy; undefined, and said aloud, if it can't be had. */
export async function fetchTelegraf(): Promise<string | undefined> {
  const folder = join(CACHE, VERSION)
  const binary = join(folder, 'telegraf')
  if (existsSync(binary)) return binary
  const go = findCommand('go')
  if (go === undefined) {
    console.error('bench: without Telegraf, which needs Go to be built (https://go.dev/dl)')
    return undefined
  }
  await mkdir(CACHE, { recursive: true })
  try {
    await withLock(join(CACHE, 'lock'), async () => {
      if (!existsSync(binary)) await build(go, folder)
    })
    return binary
  } catch (error) {
    console.error(`bench: without Telegraf, which could not be built: ${(error as Error).message}`)
    return undefined
  }
}

async function build(go: string, folder: string): Promise<void> {
  console.error(`bench: building Telegraf ${VERSION} with Go, some minutes, once …`)
  const part = await mkdtemp(join(CACHE, 'part-'))
  try {
    const install = [go, 'install', '-ldflags=-s -w', `-tags=${TAGS}`, `${PACKAGE}@${VERSION}`]
    await run('env', [`GOBIN=${part}`, ...install])
    await rename(part, folder)
  } finally {
    await rm(part, { recursive: true, force: true })
  }
}

/** As Telegraf is set up for throughput without loss: it acknowledges what its output has written. */
export function telegrafConfig(mqttUrl: string, sinkUrl: string): string {
  return `
[agent]
  metric_batch_size = 2000
  metric_buffer_limit = 50000
  flush_interval = "100ms"
  omit_hostname = true
[[inputs.mqtt_consumer]]
  servers = ["${mqttUrl}"]
  topics = ["dt/cvra/+/cardata"]
  qos = 1
  client_id = "telegraf"
  persistent_session = true
  max_undelivered_messages = 10000
  data_format = "json"
[[outputs.opensearch]]
  urls = ["${sinkUrl}"]
  index_name = "telegraf"
  template_name = "telegraf"
  manage_template = false
  force_document_id = true
`
}
