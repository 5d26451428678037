import { sections } from '../src/config/env.ts'
import type { Variable } from '../src/config/variable.ts'

// .env.example: every variable that chooses an engine or belongs to one, as lines to uncomment.

const LINE_MAX = 100

const HEADER = `# Copy this file to .env and change what should differ; docker-compose.yml reads it. What is not set
# has the value of docker-compose.yml, where there is one, or else the default, which is shown here.
# Any other variable of docs/configuration.md may stand here too. Secrets belong into .env, which is
# not in the repository.

## Compose: ports of this machine's loopback, and OpenSearch's memory

#HOST_HTTP_PORT=8080
#HOST_MQTT_PORT=1883
#HOST_OPENSEARCH_PORT=9200
#HOST_DASHBOARDS_PORT=5601
#HOST_POSTGRES_PORT=5432
#HOST_AWS_PORT=4566
#HOST_KINESIS_PORT=4568
#OPENSEARCH_HEAP=1g

## AWS credentials of SQS, S3 and Kinesis, unless the machine's role has them

#AWS_ACCESS_KEY_ID=
#AWS_SECRET_ACCESS_KEY=
#AWS_SESSION_TOKEN=
`

export function describeEnvExample(): string {
  const all: Record<string, Variable<unknown>> = Object.assign(
    {},
    ...sections.map(({ variables }) => variables),
  )
  const choosers = new Set(Object.values(all).map(({ engine }) => engine?.split('=')[0]))
  const parts = sections.map(({ title, variables }) => {
    const rows = Object.entries<Variable<unknown>>(variables)
      .filter(([name, { engine }]) => engine !== undefined || isChooser(name, choosers))
      .map(describe)
    return rows.length === 0 ? '' : `\n## ${title}\n\n${rows.join('\n')}`
  })
  return HEADER + parts.join('')
}

/** The queues too: naming one is what chooses it. */
function isChooser(name: string, choosers: ReadonlySet<string | undefined>): boolean {
  return choosers.has(name) || name.endsWith('_QUEUE_URL')
}

function describe([name, variable]: [string, Variable<unknown>]): string {
  const { description, engine, required = false, unit } = variable
  const notes = [unit, engine, required ? 'required' : ''].filter(Boolean).join('; ')
  const text = notes === '' ? description : `${description} (${notes})`
  return `${wrap(text)}\n#${name}=${variable.default ?? ''}\n`
}

function wrap(text: string): string {
  const lines: string[] = ['#']
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? ''
    if (last.length + 1 + word.length > LINE_MAX) lines.push(`# ${word}`)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines.join('\n')
}
