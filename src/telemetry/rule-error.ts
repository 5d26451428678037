import type { JsonObject } from '../domain/json.ts'
import { decodeBase64 } from '../lib/base64.ts'
import { createShapeCheck } from './check-shape.ts'
import { printable, Unusable } from './decode-payload.ts'
import { RuleErrorMessage } from './schemas.ts'

/** The message around which another one came, which is what can't be used. */
export interface Original {
  readonly topic: string
  readonly payload: Uint8Array
}

/** It is unusable by its nature, but what it holds may be redriven. */
export class RuleError extends Unusable {
  readonly original: Original

  constructor(reason: string, original: Original) {
    super(reason)
    this.original = original
  }
}

/** The message in it is up to 128 KB, in base64, beside texts. SQS takes 1 MiB. */
export const RULE_ERROR_SIZE_MAX_BYTES = 1_048_576

const FAILURES_SHOWN = 5
const ERROR_LENGTH_MAX = 300

const checkRuleError = createShapeCheck(RuleErrorMessage, [])

/**
 * What the error action of an AWS IoT rule says: never a message of ours, always a dead letter.
 * https://docs.aws.amazon.com/iot/latest/developerguide/rule-error-handling.html
 * @throws RuleError with the message that the rule failed on; Unusable if that can't be read
 */
export function decodeRuleError(document: JsonObject): never {
  const { value } = checkRuleError(document)
  const { base64originalpayload: encoded, rulename, topic } = value
  const payload = decodeBase64(encoded)
  if (payload === undefined) throw new Unusable('base64originalpayload is not base64')
  const failures = value.failures ?? []
  const shown = failures.slice(0, FAILURES_SHOWN).map(describe)
  const rest = failures.length - shown.length
  const causes = [...shown, ...(rest > 0 ? [`and ${rest} more`] : [])].join('; ')
  throw new RuleError(
    `the IoT rule ${printable(rulename)} failed: ${causes || 'it does not say why'}`,
    { topic, payload },
  )
}

interface Failure {
  readonly failedaction?: string | null
  readonly failedresource?: string | null
  readonly errormessage?: string | null
}

function describe({ failedaction, failedresource, errormessage }: Failure): string {
  const action = printable(failedaction ?? 'an action')
  const resource = failedresource ? ` on ${printable(failedresource)}` : ''
  return `${action}${resource}: ${(errormessage ?? 'no message').slice(0, ERROR_LENGTH_MAX)}`
}
