/** What the error action of an AWS IoT rule sends. */
export function ruleError(
  topic: string,
  payload: Uint8Array,
  changes: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    ruleName: 'fleet_cardata',
    topic,
    cloudwatchTraceId: '7e146a2c-95b5-6caf-98b9-50e3969734c7',
    clientId: 'ECU-1',
    base64OriginalPayload: Buffer.from(payload).toString('base64'),
    failures: [
      {
        failedAction: 'S3Action',
        failedResource: 'us-east-1-s3-verify-user',
        errorMessage: 'The specified bucket does not exist',
      },
    ],
    ...changes,
  }
}
