import type { Admission } from '../charging/admission.ts'
import { FleetgridError } from '../domain/errors.ts'
import { type LiveSettings, refreshSession } from './refresh-session.ts'

/** Somebody who waits to be let in: what is read for him may be old before he is here. */
export class PendingAdmission {
  readonly id: string
  readonly #end = Promise.withResolvers<never>()
  #reason: FleetgridError | undefined
  #settings: LiveSettings | undefined

  constructor(id: string) {
    this.id = id
  }

  /** He may come again. */
  giveUp(reason: string): void {
    this.#reason ??= new FleetgridError('unavailable', reason)
    this.#end.reject(this.#reason)
  }

  /** Of no effect on what he is asked, only on what comes then. */
  refresh(settings: LiveSettings): void {
    this.#settings = settings
  }

  /** @throws FleetgridError `unavailable` as soon as he is given up */
  wait(admission: Promise<Admission>): Promise<Admission> {
    return Promise.race([admission, this.#end.promise])
  }

  /**
   * In the moment in which he comes in.
   * @throws FleetgridError `unavailable` if he was given up in the moment before
   */
  settle(admission: Admission): void {
    if (this.#reason !== undefined) throw this.#reason
    if (this.#settings !== undefined && 'session' in admission) {
      refreshSession(admission.session, this.#settings)
    }
  }
}
