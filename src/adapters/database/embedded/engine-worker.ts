import { workerData } from 'node:worker_threads'
import { serveWorker } from '../../../lib/worker-service.ts'
import { type EngineOptions, SqliteEngine } from './engine.ts'

serveWorker(new SqliteEngine(workerData as EngineOptions))
