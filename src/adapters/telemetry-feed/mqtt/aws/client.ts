import type { mqtt5 } from 'aws-iot-device-sdk-v2'
import type { MqttClient, MqttClientListener } from '../client.ts'
import { endingOf, failureOf } from './describe-event.ts'

/** Native and 24 MB: loaded by whoever connects with it, not by every process that could. */
export type Sdk = Pick<typeof import('aws-iot-device-sdk-v2'), 'auth' | 'http' | 'io' | 'mqtt5'>

interface Handle {
  invokeAcknowledgement(): void
}

export class AwsClient implements MqttClient {
  readonly #sdk: Sdk
  readonly #client: mqtt5.Mqtt5Client
  readonly #listener: MqttClientListener
  /** Of messages that wait for their PUBACK, by ticket. */
  readonly #handles = new Map<number, Handle>()
  #lastTicket = 0

  constructor(sdk: Sdk, config: mqtt5.Mqtt5ClientConfig, listener: MqttClientListener) {
    this.#sdk = sdk
    this.#listener = listener
    this.#client = new sdk.mqtt5.Mqtt5Client(config)
    this.#client.on('messageReceived', (event) => this.#receive(event))
    this.#client.on('connectionSuccess', ({ connack }) =>
      listener.onConnected(connack.sessionPresent),
    )
    this.#client.on('connectionFailure', (event) => listener.onNotConnected(failureOf(event)))
    this.#client.on('disconnection', (event) => {
      this.#handles.clear()
      listener.onDisconnected(endingOf(event))
    })
    this.#client.on('stopped', () => listener.onStopped())
    this.#client.on('error', (error) => listener.onError({ text: `${error}`, isFinal: false }))
  }

  start(): void {
    this.#client.start()
  }

  stop({ endsSession }: { readonly endsSession: boolean }): void {
    const reasonCode = this.#sdk.mqtt5.DisconnectReasonCode.NormalDisconnection
    this.#client.stop(
      endsSession ? { reasonCode, sessionExpiryIntervalSeconds: 0 } : { reasonCode },
    )
  }

  close(): void {
    this.#client.close()
  }

  async subscribe(filters: readonly string[]): Promise<readonly number[]> {
    const qos = this.#sdk.mqtt5.QoS.AtLeastOnce
    const { reasonCodes } = await this.#client.subscribe({
      subscriptions: filters.map((topicFilter) => ({ topicFilter, qos })),
    })
    return reasonCodes
  }

  async unsubscribe(filters: readonly string[]): Promise<readonly number[]> {
    const { reasonCodes } = await this.#client.unsubscribe({ topicFilters: [...filters] })
    return reasonCodes
  }

  acknowledge(ticket: number): void {
    this.#handles.get(ticket)?.invokeAcknowledgement()
    this.#handles.delete(ticket)
  }

  /** The SDK reads on, whatever waits. */
  goOn(): void {}

  #receive({ message, acknowledgementControl }: mqtt5.MessageReceivedEvent): void {
    // Taken in any case: the client acknowledges by itself what nobody takes.
    const handle = acknowledgementControl?.acquireHandle() ?? undefined
    let ticket = 0
    if (handle !== undefined) {
      this.#lastTicket += 1
      ticket = this.#lastTicket
      this.#handles.set(ticket, handle)
    }
    this.#listener.onMessage(message.topicName, viewBytes(message.payload), ticket)
  }
}

/** A received payload is always an ArrayBuffer of its own; it is not copied. */
function viewBytes(payload: mqtt5.Payload | undefined): Uint8Array {
  // An empty one counts as detached: no view of it can be made.
  const hasBytes = payload instanceof ArrayBuffer && payload.byteLength > 0
  return hasBytes ? Buffer.from(payload) : new Uint8Array(0)
}
