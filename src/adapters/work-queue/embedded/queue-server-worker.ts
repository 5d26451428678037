import { workerData } from 'node:worker_threads'
import { serveWorker } from '../../../lib/worker-service.ts'
import { QueueServer, type QueueServerOptions } from './queue-server.ts'

serveWorker(new QueueServer(workerData as QueueServerOptions))
