import { workerData } from 'node:worker_threads'
import { serveWorker } from '../../../lib/worker-service.ts'
import { DeadLetterStore, type StoreOptions } from './store.ts'

serveWorker(new DeadLetterStore(workerData as StoreOptions))
