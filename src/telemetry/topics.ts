/** What a topic carries. Also the label of metrics: few values, whatever devices make up. */
export type TopicFamily =
  | 'cardata'
  | 'trip'
  | 'dtc'
  | 'event'
  | 'device-event'
  | 'group-event'
  | 'job-execution'

const VEHICLE_TOPIC = /^dt\/cvra\/[^/]+\/(cardata|trip|dtc|event)$/

/** The topics of the original's seven IoT rules; undefined for any other. */
export function topicFamily(topic: string): TopicFamily | undefined {
  const vehicle = VEHICLE_TOPIC.exec(topic)
  if (vehicle !== null) return vehicle[1] as TopicFamily
  if (topic.startsWith('cdf/assetlibrary/events/devices/')) return 'device-event'
  if (topic.startsWith('cdf/assetlibrary/events/groups/')) return 'group-event'
  if (topic.startsWith('$aws/events/jobExecution/')) return 'job-execution'
  return undefined
}
