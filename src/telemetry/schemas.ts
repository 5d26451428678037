import Type from 'typebox'
import { VIN_PATTERN } from '../domain/vin.ts'

/**
 * The messages with lower-cased keys. They name what Fleetgrid uses; unknown keys are kept.
 * Shapes, units and spellings: reference §1; docs/messages.md is made from these.
 */

const Quantity = (description: string) =>
  Type.Optional(Type.Union([Type.Number(), Type.Null()], { description }))

const Text = (description: string) =>
  Type.Optional(Type.Union([Type.String({ maxLength: 4096 }), Type.Null()], { description }))

const vehicleHeader = {
  messageid: Type.Optional(
    Type.Unknown({
      description:
        'Identity of the message, with vin, send time and content: the same bytes twice are one',
    }),
  ),
  vin: Type.String({
    pattern: VIN_PATTERN,
    description: 'Vehicle, in any case; 16 characters are legal',
  }),
  sendtimestamp: Type.String({
    maxLength: 40,
    description: 'ISO 8601; UTC where no zone is given',
  }),
  creationtimestamp: Text('ISO 8601, when the values were measured'),
}

export const CardataMessage = Type.Object(
  {
    ...vehicleHeader,
    tripid: Type.Optional(
      Type.Union([Type.String({ maxLength: 128 }), Type.Null()], {
        description: 'Trip that the reading belongs to',
      }),
    ),
    geolocation: Type.Optional(
      Type.Unknown({
        description:
          'Object with latitude, longitude (degrees), altitude (m), heading (degrees), speed (km/h). A bad position spoils only the position.',
      }),
    ),
    speed: Type.Optional(Type.Object({ max: Quantity('km/h'), average: Quantity('km/h') })),
    odometer: Type.Optional(
      Type.Object({
        metres: Quantity('Kilometres, in spite of the name'),
        tripodometer: Quantity('km'),
      }),
    ),
    throttle: Type.Optional(Type.Object({ max: Quantity('%'), average: Quantity('%') })),
    fuel: Quantity('litres'),
    oiltemp: Quantity('degrees Fahrenheit'),
    fuelinfo: Type.Optional(
      Type.Object({
        currenttripconsumption: Quantity('millilitres'),
        tankcapacity: Quantity('litres'),
      }),
    ),
    ignitionstatus: Text('run, off, …'),
  },
  { title: 'cardata', description: 'Telemetry, every few seconds while driving' },
)

const Place = Type.Object({ latitude: Quantity('degrees'), longitude: Quantity('degrees') })

export const TripMessage = Type.Object(
  {
    ...vehicleHeader,
    tripid: Type.String({ minLength: 1, maxLength: 128 }),
    tripsummary: Type.Optional(
      Type.Object({
        duration: Quantity('milliseconds'),
        distance: Quantity('kilometres'),
        fuel: Quantity('millilitres'),
        starttime: Text('ISO 8601'),
        startlocation: Type.Optional(Place),
        endlocation: Type.Optional(Place),
      }),
    ),
  },
  { title: 'trip', description: 'Summary at the end of a trip' },
)

export const DtcMessage = Type.Object(
  {
    ...vehicleHeader,
    dtc: Type.Object({
      code: Type.String({
        pattern: '^([A-Za-z0-9][A-Za-z0-9 ._:/-]{0,63})?$',
        description: 'Trouble code; empty means that the vehicle has none any more',
      }),
      changed: Type.Optional(Type.Unknown({ description: '"true" or "false", as text' })),
      cleared: Type.Optional(
        Type.Unknown({ description: 'true or "true": this one code is cleared (ours)' }),
      ),
    }),
  },
  { title: 'dtc', description: 'A diagnostic trouble code was raised, repeated or cleared' },
)

export const EventMessage = Type.Object(
  {
    ...vehicleHeader,
    alert: Type.Object(
      {},
      { description: '{ videoevent: … } or { body: …, chassis: … }: any object' },
    ),
  },
  { title: 'event', description: 'Something happened that people may want to look at' },
)

const assetEvent = {
  objectid: Type.String({ minLength: 1, maxLength: 512 }),
  type: Type.Optional(Type.String({ maxLength: 64 })),
  event: Type.Union([Type.Literal('create'), Type.Literal('modify'), Type.Literal('delete')]),
  payload: Type.Optional(
    Type.Unknown({
      description: 'Text that holds JSON: the object (create, delete) or a patch (modify)',
    }),
  ),
  attributes: Type.Optional(
    Type.Object({
      deviceid: Text('Device that is attached or detached, or parent of the component'),
      attachedtogroup: Text('Group path'),
      detachedfromgroup: Text('Group path'),
      relationship: Text('installed_in, manufactured_by, …'),
      componentid: Text('Component of the device'),
    }),
  ),
  time: Text('ISO 8601; without it the receive time counts'),
}

export const DeviceEventMessage = Type.Object(assetEvent, {
  title: 'device-event',
  description: 'Asset library: an ECU was created, changed, attached, detached or deleted',
})

export const GroupEventMessage = Type.Object(assetEvent, {
  title: 'group-event',
  description:
    'Asset library: a vehicle (group below /auto/vehicles) was created, changed or deleted',
})

export const AnomalyRecordMessage = Type.Object(
  {
    eventid: Text('Of the record'),
    eventname: Type.Union([Type.Literal('INSERT'), Type.Literal('MODIFY'), Type.Literal('REMOVE')]),
    dynamodb: Type.Object({
      newimage: Type.Optional(
        Type.Object({}, { description: 'INSERT, MODIFY: the item, typed as {"vin": {"S": "…"}}' }),
      ),
      oldimage: Type.Optional(
        Type.Object({}, { description: 'REMOVE, also by time to live: the item as it was' }),
      ),
      approximatecreationdatetime: Type.Optional(
        Type.Number({ minimum: 0, maximum: 253_402_300_799, description: 'Epoch SECONDS' }),
      ),
      sequencenumber: Type.Optional(
        Type.String({ pattern: '^[0-9]{1,40}$', description: 'Place in the stream' }),
      ),
    }),
  },
  {
    title: 'anomaly-record',
    description:
      'DynamoDB stream: an anomaly was found, found again, or removed. One record, an array, or { Records: […] }',
  },
)

/** The item in it, without its types. */
export const AnomalyItem = Type.Object({
  vin: Text('Vehicle'),
  pk: Text('Vehicle, where there is no vin'),
  sk: Text('A:{type}'),
  anomaly_type: Text('Which anomaly'),
  anomaly_id: Text('Of this finding'),
  anomaly_score: Quantity('How far the value is beyond its base'),
  value: Quantity('Unit by type'),
  created_at: Text('ISO 8601'),
  identified_at: Text('ISO 8601'),
  updated_at: Text('ISO 8601'),
  deletion_flag: Quantity('Epoch SECONDS at which DynamoDB removes it'),
})

export const RuleErrorMessage = Type.Object(
  {
    rulename: Type.String({ maxLength: 256 }),
    topic: Type.String({ minLength: 1, maxLength: 1024, description: 'Of the original message' }),
    base64originalpayload: Type.String({ description: 'The original message' }),
    clientid: Text('Who sent it'),
    cloudwatchtraceid: Text('To find it in CloudWatch'),
    failures: Type.Optional(
      Type.Array(
        Type.Object({
          failedaction: Text('S3Action, …'),
          failedresource: Text('Bucket, queue, …'),
          errormessage: Type.Optional(Type.Union([Type.String(), Type.Null()])),
        }),
        { maxItems: 100 },
      ),
    ),
  },
  {
    title: 'rule-error',
    description:
      'AWS IoT: a rule failed. The original message becomes a dead letter, to be redriven',
  },
)

export const JobExecutionMessage = Type.Object(
  {
    jobid: Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' }),
    thingarn: Type.String({ pattern: 'thing/.+$', maxLength: 2048 }),
    status: Type.String({ maxLength: 64 }),
    timestamp: Type.Number({ minimum: 0, maximum: 253_402_300_799, description: 'Epoch SECONDS' }),
    eventid: Text('UUID'),
  },
  { title: 'job-execution', description: 'AWS IoT: a job execution ended' },
)
