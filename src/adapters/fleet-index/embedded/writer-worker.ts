import { workerData } from 'node:worker_threads'
import { serveWorker } from '../../../lib/worker-service.ts'
import { FleetWriter, type WriterOptions } from './writer.ts'

serveWorker(new FleetWriter(workerData as WriterOptions))
