/**
 * A cardata message of about 800 bytes on the wire, as the original's simulator sends it: without
 * the id of a simulation, unless a bench has something to say there.
 */
export function cardataPayload(
  vehicle: number,
  sentAt: number,
  sequence: number,
  simulationId = '',
): Buffer {
  const vin = vinOf(vehicle)
  const time = new Date(sentAt).toISOString()
  const longitude = -115.2 + (vehicle % 100) * 0.004 + (sequence % 50) * 0.0001
  const latitude = 36.1 + Math.floor(vehicle / 100) * 0.004 + (sequence % 50) * 0.0001
  return Buffer.from(
    `{"MessageId":"${vin}-${time}-${sequence}","SimulationId":"${simulationId}","CreationTimeStamp":"${time}","SendTimeStamp":"${time}","VIN":"${vin}","TripId":"T${vehicle}","DriverID":"",` +
      `"GeoLocation":{"Latitude":${latitude},"Longitude":${longitude},"Altitude":0,"Heading":76.41972147846934,"Speed":52.205},` +
      `"Communications":{"GSM":{"Satelites":"","Fix":"","NetworkType":"","MNC":"","MCC":"","LAC":"","CID":""},"WiFi":{"NetworkID ":""},"Wired":{"NetworkID ":""}},` +
      `"Acceleration":{"MaxLongitudinal":{"Axis":0,"Value":0},"MaxLateral":{"Axis":0,"Value":0}},"Throttle":{"Max":0,"Average":0},"Speed":{"Max":52.205,"Average":0},` +
      `"Odometer":{"Metres":${131_497 + sequence},"TicksFL":0,"TicksFR":0,"TicksRL":0,"TicksRR":0},"Fuel":1.0735,"Name":"routeName","OilTemp":246.6,"IgnitionStatus":"run"}`,
  )
}

export function vinOf(vehicle: number): string {
  return `5AZBENCH${String(vehicle).padStart(8, '0')}`
}
