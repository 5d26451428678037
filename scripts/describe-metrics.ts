import { createMetrics } from '../src/http/metrics.ts'

export async function describeMetrics(): Promise<string> {
  const metrics = await createMetrics().registry.getMetricsAsJSON()
  const rows = metrics
    .filter(({ name }) => name.startsWith('fleetgrid_'))
    .map(({ name, type, help }) => `| \`${name}\` | ${String(type)} | ${help} |`)
  return `# Metrics

At \`GET /metrics\`, beside the standard ones of the process. Made from \`src/http/metrics.ts\` by
\`make docs\`.

| metric | type | meaning |
|---|---|---|
${rows.join('\n')}
`
}
