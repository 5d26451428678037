import type { TSchema } from 'typebox'
import * as schemas from '../src/telemetry/schemas.ts'

const TOPICS: readonly [topic: string, schema: TSchema][] = [
  ['dt/cvra/{deviceId}/cardata', schemas.CardataMessage],
  ['dt/cvra/{deviceId}/trip', schemas.TripMessage],
  ['dt/cvra/{deviceId}/dtc', schemas.DtcMessage],
  ['dt/cvra/{deviceId}/event', schemas.EventMessage],
  ['cdf/assetlibrary/events/devices/{deviceId}/{event}', schemas.DeviceEventMessage],
  ['cdf/assetlibrary/events/groups/{groupPath}/{event}', schemas.GroupEventMessage],
  ['$aws/events/jobExecution/{jobId}/{status}', schemas.JobExecutionMessage],
  ['fleetgrid/anomaly-records', schemas.AnomalyRecordMessage],
  ['fleetgrid/rule-errors', schemas.RuleErrorMessage],
]

interface Node {
  type?: string
  description?: string
  required?: string[]
  properties?: Record<string, Node>
  anyOf?: Node[]
  const?: unknown
}

export function describeMessages(): string {
  const sections = TOPICS.map(([topic, schema]) => {
    const node = schema as Node
    return `## \`${topic}\`\n\n${node.description}.\n\n| key | type | needed | meaning |\n|---|---|---|---|\n${rows(node, '').join('\n')}`
  })
  return `# Messages

The topics that Fleetgrid reads, as it checks them: the original's seven, and two of its own. Made from \`src/telemetry/schemas.ts\` by
\`make docs\`. Keys are lower-cased at every level before they are read, so any spelling will do;
unknown keys are kept. A number that comes as text is read as a number where it is plainly one, and
counted. What can't be used becomes a dead letter with its reason.
History from before HISTORY_RETENTION_DAYS is dropped, also of a message that comes today: a vehicle's clock
that stands at 1970 costs its history, not its latest state. A message larger than the feed takes (embedded:
256 KB, AWS IoT Core: 128 KB) ends the connection of its sender, as MQTT 3.1.1 has no other answer.

${sections.join('\n\n')}
`
}

function rows(node: Node, prefix: string): string[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    const needed = node.required?.includes(key) ? 'yes' : ''
    const path = `${prefix}${key}`
    const meaning = child.description ?? ''
    return [
      `| \`${path}\` | ${typeOf(child)} | ${needed} | ${meaning} |`,
      ...rows(child, `${path}.`),
    ]
  })
}

function typeOf(node: Node): string {
  if (node.const !== undefined) return `"${String(node.const)}"`
  if (node.anyOf) return node.anyOf.map(typeOf).join(' or ')
  return node.type ?? 'anything'
}
