import { workerData } from 'node:worker_threads'
import { serveWorker } from '../../../lib/worker-service.ts'
import { FleetReader } from './reader.ts'

serveWorker(new FleetReader(workerData as { dataDir: string }))
