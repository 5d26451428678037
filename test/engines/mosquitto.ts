import { mkdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import { ensureInstalled } from './debian.ts'
import { choosePort, type Engine, type EngineOptions, findCommand, startEngine } from './engine.ts'

export interface MosquittoOptions extends EngineOptions {
  /** Further lines of mosquitto.conf: another listener with TLS, a password file. */
  readonly lines?: readonly string[]
  /** Replaces `allow_anonymous true`, which is the default. */
  readonly anonymous?: boolean
}

const READY_WITHIN_MS = 20_000

/**
 * Mosquitto on mqtt://127.0.0.1. Messages of persistent sessions survive `stop`, when it writes its
 * database; what came since the last start is lost by `kill`.
 */
export async function startMosquitto(options: MosquittoOptions): Promise<Engine> {
  await ensureInstalled('mosquitto')
  const folder = resolve(options.folder)
  const port = await choosePort(options.port)
  await mkdir(folder, { recursive: true })
  const file = join(folder, 'mosquitto.conf')
  // No limit on messages that wait: a test counts every one.
  const lines = [
    `listener ${port} 127.0.0.1`,
    `allow_anonymous ${options.anonymous ?? true}`,
    `user ${userInfo().username}`,
    'persistence true',
    `persistence_location ${folder}/`,
    'max_inflight_messages 0',
    'max_queued_messages 0',
    ...(options.lines ?? []),
  ]
  await writeFile(file, `${lines.join('\n')}\n`)
  return startEngine({
    name: 'Mosquitto',
    command: findCommand('mosquitto') ?? 'mosquitto',
    args: ['-c', file],
    options: { folder, port },
    url: `mqtt://127.0.0.1:${port}`,
    ready: () => answers(port),
    readyWithinMs: READY_WITHIN_MS,
  })
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const end = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
  })
}
