import {
  ANOMALY_RECORDS_TOPIC,
  ENVELOPE_FAULTS_TOPIC,
  RULE_ERRORS_TOPIC,
} from '../ports/telemetry-feed.ts'

/** What a topic carries. Also the label of metrics: few values, whatever devices make up. */
export type TopicFamily =
  | 'cardata'
  | 'trip'
  | 'dtc'
  | 'event'
  | 'device-event'
  | 'group-event'
  | 'job-execution'
  | 'anomaly-record'
  | 'rule-error'

const VEHICLE_TOPIC = /^dt\/cvra\/[^/]+\/(?:cardata|trip|dtc|event)$/

/** The topics of the original's seven IoT rules and our own; undefined for any other. */
export function topicFamily(topic: string): TopicFamily | undefined {
  if (VEHICLE_TOPIC.test(topic)) return topic.slice(topic.lastIndexOf('/') + 1) as TopicFamily
  if (topic.startsWith('cdf/assetlibrary/events/devices/')) return 'device-event'
  if (topic.startsWith('cdf/assetlibrary/events/groups/')) return 'group-event'
  if (topic.startsWith('$aws/events/jobExecution/')) return 'job-execution'
  if (topic === ANOMALY_RECORDS_TOPIC) return 'anomaly-record'
  if (topic === RULE_ERRORS_TOPIC) return 'rule-error'
  return undefined
}

/** Why a message on a topic without a family can't be used. */
export function unknownTopic(topic: string): string {
  if (topic !== ENVELOPE_FAULTS_TOPIC) return 'the topic is none of those that Fleetgrid reads'
  return `the body of the SQS message is no envelope {"topic": "…", "payload": "<base64>"}: the IoT rule needs SELECT encode(*, 'base64') AS payload, topic() AS topic, and useBase64 off`
}
