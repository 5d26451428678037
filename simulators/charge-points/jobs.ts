import type { Scheduler, Task } from './scheduler.ts'

/** What a station does in the background because it was asked to: new firmware, files for its owner. */

export interface Job {
  readonly kind: 'firmware' | 'log' | 'diagnostics'
  /** Tells its steps by the messages of the security extension, or those of old (1.6). */
  readonly isSigned: boolean
  readonly requestId: number | undefined
  readonly location: string
}

export interface JobHost {
  readonly scheduler: Scheduler
  tell(job: Job, status: string): void
  /** Restarts with the new firmware; `done` once the server has accepted it again. */
  restartWithNewFirmware(done: () => void): void
}

type Step = readonly [status: string, seconds: number]

const DOWNLOAD: readonly Step[] = [
  ['Downloading', 60],
  ['Downloaded', 5],
]
const SIGNATURE: Step = ['SignatureVerified', 5]
const INSTALL: Step = ['Installing', 30]
const UPLOAD_S = 20
const SCHEMES = /^(https?|ftps?|sftp):\/\//i
/** A job for the far future is not kept waiting for longer. */
const START_WITHIN_MS = 86_400_000

export class Jobs {
  readonly #host: JobHost
  readonly #running = new Map<Job['kind'], { readonly job: Job; task: Task | undefined }>()
  /** Told on request: the last one of a kind. */
  readonly #last = new Map<Job['kind'], { readonly job: Job; readonly status: string }>()

  constructor(host: JobHost) {
    this.#host = host
  }

  isRunning(kind: Job['kind']): boolean {
    return this.#running.has(kind)
  }

  /**
   * Takes the place of one of its kind that is running. `startAtMs`: epoch milliseconds; it starts at
   * once if that is past, or no time at all (NaN).
   */
  start(job: Job, startAtMs?: number): void {
    this.#running.get(job.kind)?.task?.cancel()
    const running = { job, task: undefined as Task | undefined }
    this.#running.set(job.kind, running)
    this.#last.delete(job.kind)
    const waitMs = Math.min(START_WITHIN_MS, (startAtMs ?? 0) - this.#host.scheduler.now())
    const begin = () => (job.kind === 'firmware' ? this.#download(job) : this.#upload(job))
    // Also if the server gave a time that is none.
    if (!(waitMs > 0)) {
      begin()
      return
    }
    if (job.kind === 'firmware' && job.isSigned) this.#tell(job, 'DownloadScheduled')
    running.task = this.#host.scheduler.after(waitMs, begin)
  }

  /** Says again how the last one of a kind stands. */
  report(kind: Job['kind'], isSigned: boolean): void {
    const last = this.#last.get(kind)
    const idle: Job = { kind, isSigned, requestId: undefined, location: '' }
    // OCPP 1.6 §4.5, §4.4: a job that is over is told as Idle.
    if (last === undefined || !this.isRunning(kind)) this.#host.tell(idle, 'Idle')
    else this.#host.tell(last.job, last.status)
  }

  stop(): void {
    for (const { task } of this.#running.values()) task?.cancel()
    this.#running.clear()
  }

  #download(job: Job): void {
    if (!SCHEMES.test(job.location)) {
      this.#tell(job, 'Downloading')
      this.#wait(job, 5, () => this.#end(job, 'DownloadFailed'))
      return
    }
    const steps = [...DOWNLOAD, ...(job.isSigned ? [SIGNATURE] : []), INSTALL]
    this.#follow(job, steps, () => {
      if (job.isSigned) this.#tell(job, 'InstallRebooting')
      this.#host.restartWithNewFirmware(() => this.#end(job, 'Installed'))
    })
  }

  #upload(job: Job): void {
    const isPossible = SCHEMES.test(job.location)
    this.#tell(job, 'Uploading')
    this.#wait(job, UPLOAD_S, () => this.#end(job, isPossible ? 'Uploaded' : 'UploadFailure'))
  }

  #follow(job: Job, steps: readonly Step[], done: () => void): void {
    const [step, ...rest] = steps
    if (step === undefined) {
      done()
      return
    }
    this.#tell(job, step[0])
    this.#wait(job, step[1], () => this.#follow(job, rest, done))
  }

  #wait(job: Job, seconds: number, then: () => void): void {
    const running = this.#running.get(job.kind)
    if (running?.job === job) running.task = this.#host.scheduler.later(seconds, then)
  }

  #tell(job: Job, status: string): void {
    this.#last.set(job.kind, { job, status })
    this.#host.tell(job, status)
  }

  #end(job: Job, status: string): void {
    if (this.#running.get(job.kind)?.job === job) this.#running.delete(job.kind)
    this.#tell(job, status)
  }
}
