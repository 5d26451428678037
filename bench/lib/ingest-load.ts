import { fork } from 'node:child_process'

/** What ingest-client.ts tells at its end. */
export interface Published {
  readonly messages: number
  readonly seconds: number
  /** Of the first message, on the clock of the machine; at full speed only. */
  readonly startedAtUs: number
}

export interface Load {
  readonly port: number
  readonly messages: number
  readonly vehicles: number
  /** First sequence number: a message of another one is another message. */
  readonly start: number
  /** Messages per second; full speed without. */
  readonly rate?: number
}

/** Wide enough that the broker is what limits it. */
const FULL_SPEED = { connections: 8, 'in-flight': 1000 }

/** Publishes from a process of its own. @throws Error if it fails */
export async function publish(load: Load): Promise<Published> {
  const args = Object.entries({ ...FULL_SPEED, ...load }).flatMap(([key, value]) => [
    `--${key}`,
    String(value),
  ])
  const child = fork(new URL('../ingest-client.ts', import.meta.url), args)
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(message as Published))
    child.once('exit', (code) => reject(new Error(`the publisher ended with ${code}`)))
  })
}
