import { variables } from '../src/config/env.ts'
import type { Variable } from '../src/config/variable.ts'

export function describeConfiguration(): string {
  const rows = Object.entries<Variable<unknown>>(variables).map(([name, variable]) => {
    const standard = variable.default === undefined ? '' : `\`${variable.default}\``
    return `| \`${name}\` | ${variable.type} | ${standard} | ${variable.unit} | ${variable.description} |`
  })
  return `# Configuration

Every environment variable that Fleetgrid reads. Made from \`src/config/env.ts\` by \`make docs\`;
a test fails when it is stale. Wrong values stop the start with one list of all of them.

| variable | type | default | unit | meaning |
|---|---|---|---|---|
${rows.join('\n')}
`
}
