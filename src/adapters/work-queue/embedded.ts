import type { EmbeddedWorkQueueConfig } from '../../config/adapters.ts'
import { errorMessage } from '../../domain/errors.ts'
import { WorkerClient } from '../../lib/worker-rpc.ts'
import type { WorkQueue } from '../../ports/work-queue.ts'
import type { SqsPollerOptions } from '../sqs/poller.ts'
import type { QueueServer, QueueServerOptions } from './embedded/queue-server.ts'
import { createSqsWorkQueue } from './sqs.ts'

/** fauxqs believes every key; without one the SDK would look for some all over the machine. */
const AWS = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'embedded', secretAccessKey: 'embedded' },
}

/**
 * A queue in the data folder that any SQS client of this machine may send to: fauxqs in a worker thread,
 * and the same poller as of a queue in AWS. Nothing of it is loaded before `start`.
 */
export function createEmbeddedWorkQueue(
  { folder, port, sizeMaxBytes, ...limits }: EmbeddedWorkQueueConfig,
  options: SqsPollerOptions,
): WorkQueue {
  const serverOptions: QueueServerOptions = { folder, port, sizeMaxBytes }
  const server = new WorkerClient<QueueServer>(
    new URL('./embedded/queue-server-worker.ts', import.meta.url),
    serverOptions,
  )
  const onEvent: SqsPollerOptions['onEvent'] = (event) =>
    options.onEvent(
      event.kind === 'failed' ? { ...event, message: asOurOwn(event.message) } : event,
    )
  let url = urlOf(port)
  let queue: WorkQueue | undefined
  let opening: Promise<void> | undefined
  let isClosed = false
  return {
    async start(deliver) {
      opening = server.start()
      await opening.catch((cause: unknown) => {
        throw new Error(adviseOn(cause, port), { cause })
      })
      url = urlOf(await server.call('port'))
      if (isClosed) throw new Error('The embedded queue was closed while it started')
      const aws = { ...AWS, endpoint: new URL(url).origin }
      queue = createSqsWorkQueue({ ...limits, aws, queueUrl: url }, { ...options, onEvent })
      await queue.start(deliver)
    },
    stopIntake: async () => queue?.stopIntake(),
    async close() {
      isClosed = true
      await opening?.catch(() => undefined)
      try {
        await queue?.close()
      } finally {
        await server.close()
      }
    },
    describe: () => ({ url }),
    problems: () => (queue?.problems() ?? []).map(asOurOwn),
  }
}

function urlOf(port: number): string {
  return `http://127.0.0.1:${port}/000000000000/submissions`
}

/** The poller knows no queue of ours; nobody is to look for this one in AWS. */
function asOurOwn(problem: string): string {
  return problem.replace(/^SQS queue/, 'embedded queue')
}

function adviseOn(cause: unknown, port: number): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  const reason = errorMessage(cause)
  if (code === 'ERR_SQLITE_ERROR') return `The embedded queue can't open ${reason}`
  const hint =
    code === 'EADDRINUSE'
      ? 'the port is taken: stop what listens there or set SUBMISSION_QUEUE_PORT'
      : reason
  return `The embedded queue can't start on SUBMISSION_QUEUE_PORT=${port}: ${hint}`
}
