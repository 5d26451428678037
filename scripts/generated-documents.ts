import { resolve } from 'node:path'
import { describeConfiguration } from './describe-configuration.ts'
import { describeEnvExample } from './describe-env-example.ts'
import { describeMessages } from './describe-messages.ts'
import { describeMetrics } from './describe-metrics.ts'
import { describeOcppCoverage } from './describe-ocpp-coverage.ts'
import { createOpenapiDocument } from './openapi-document.ts'

const root = resolve(import.meta.dirname, '..')

/** Documents that are made from the code, with their whole text. */
export async function generatedDocuments(): Promise<{ path: string; text: string }[]> {
  return [
    { path: resolve(root, '.env.example'), text: describeEnvExample() },
    { path: resolve(root, 'docs/configuration.md'), text: describeConfiguration() },
    { path: resolve(root, 'docs/messages.md'), text: describeMessages() },
    { path: resolve(root, 'docs/metrics.md'), text: await describeMetrics() },
    { path: resolve(root, 'docs/ocpp-coverage.md'), text: describeOcppCoverage() },
    { path: resolve(root, 'docs/openapi/fleetgrid.json'), text: await createOpenapiDocument() },
  ]
}
