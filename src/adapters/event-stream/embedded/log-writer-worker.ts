import { workerData } from 'node:worker_threads'
import { serveWorker } from '../../../lib/worker-service.ts'
import { LogWriter, type LogWriterOptions } from './log-writer.ts'

serveWorker(new LogWriter(workerData as LogWriterOptions))
