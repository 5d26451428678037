import { sections } from '../src/config/env.ts'
import type { Variable } from '../src/config/variable.ts'

export function describeConfiguration(): string {
  const parts = sections.map(({ title, variables }) => {
    const rows = Object.entries<Variable<unknown>>(variables).map(describe)
    return `## ${title}

| variable | type | default | unit | for | meaning |
|---|---|---|---|---|---|
${rows.join('\n')}
`
  })
  return `# Configuration

Every environment variable that Fleetgrid reads. Made from \`src/config/\` by \`make docs\`; a test
fails when it is stale. Wrong values stop the start with one list of all of them; a name that looks
misspelt, or a setting of an engine that nobody has chosen, is a warning at the start. *for* names
the engine that needs the variable; where it is empty the variable always counts.

${parts.join('\n')}`
}

function describe([name, variable]: [string, Variable<unknown>]): string {
  const { type, unit, description, engine, required } = variable
  const standard = variable.default === undefined ? '' : `\`${variable.default}\``
  const only = engine === undefined ? '' : `\`${engine}\`${required ? ' (required)' : ''}`
  return `| \`${name}\` | ${type} | ${standard} | ${unit} | ${only} | ${description} |`
}
