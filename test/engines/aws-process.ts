import { parseArgs } from 'node:util'
import { startOnLoopback } from '../../src/adapters/work-queue/embedded/start-on-loopback.ts'

// The SQS and S3 emulator in a process of its own, so that it can be killed.

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    folder: { type: 'string', default: '' },
    init: { type: 'string' },
  },
})
const server = await startOnLoopback({
  host: '127.0.0.1',
  port: Number(values.port),
  logger: false,
  dataDir: values.folder,
  ...(values.init === undefined ? {} : { init: values.init }),
})
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    server.stop().then(
      () => process.exit(0),
      (error) => {
        console.error(error)
        process.exit(1)
      },
    )
  })
}
console.log(`SQS and S3 on http://127.0.0.1:${server.port}`)
