import {
  CHARGE_POINT_ID,
  type ChargePoint,
  type ChargePointSettings,
  type ProtocolVersion,
} from '../domain/charge-point.ts'
import type { ChargePoints } from '../ports/charge-points.ts'
import type { ChargePointKeys } from './charge-point-keys.ts'
import type { ChargePointSession } from './session.ts'

/** How a charge point says who it is, before it may say anything else. */
export interface Introduction {
  readonly protocol: ProtocolVersion
  /** Of HTTP Basic; the key is bytes (OCPP security whitepaper §2.3). */
  readonly credentials?: { readonly user: string; readonly key: Uint8Array } | undefined
  readonly isTls: boolean
}

export type Admission =
  | { readonly session: ChargePointSession; readonly previousInstance?: string | undefined }
  | { readonly refusal: Refusal }

/** not-known: nobody has registered it; wrong-key: or none, or one where none is set. */
export type Refusal = 'not-known' | 'wrong-key' | 'not-secure-enough'

export interface AdmissionOptions {
  readonly chargePoints: ChargePoints
  readonly instance: string
  readonly keys: ChargePointKeys
  /** Settings of those that nobody has registered; undefined: they are refused. */
  readonly selfRegistration: ChargePointSettings | undefined
  readonly clock: { now(): number }
}

export interface Admissions {
  /** Who is admitted has the connection from now on: another one of its id is to be closed. */
  admit(id: string, introduction: Introduction): Promise<Admission>
}

export function createAdmissions(options: AdmissionOptions): Admissions {
  const { chargePoints, instance, keys, clock } = options
  const findOrRegister = async (id: string): Promise<ChargePoint | undefined> => {
    const found = await chargePoints.find(id)
    const settings = options.selfRegistration
    if (found !== undefined || settings === undefined || !CHARGE_POINT_ID.test(id)) return found
    await chargePoints.create(id, settings, undefined)
    // Another connection of it may have been faster: what is stored counts.
    return chargePoints.find(id)
  }
  return {
    async admit(id, { protocol, credentials, isTls }) {
      const chargePoint = await findOrRegister(id)
      if (chargePoint === undefined) return { refusal: 'not-known' }
      const { securityProfileMin, registration, leniency, connection } = chargePoint
      // Nobody checks certificates of charge points yet, so nobody fulfils 3.
      if (securityProfileMin === 3) return { refusal: 'not-secure-enough' }
      if (securityProfileMin === 2 && !isTls) return { refusal: 'not-secure-enough' }
      if (!(await provesItself(chargePoint, credentials))) return { refusal: 'wrong-key' }
      const now = clock.now()
      const epoch = await chargePoints.connected(id, instance, protocol, now)
      const session = { id, protocol, epoch, registration, leniency, lastSeenAt: now }
      return { session, previousInstance: connection?.instance }
    },
  }

  async function provesItself(
    { id, keyHash, nextKeyHash, securityProfileMin }: ChargePoint,
    credentials: Introduction['credentials'],
  ): Promise<boolean> {
    if (nextKeyHash !== undefined && isHis(id, credentials, nextKeyHash)) {
      // It goes by the one that it was sent, whatever became of its answer: the old one has had its day.
      await chargePoints.change(id, { keyHash: nextKeyHash })
      return true
    }
    return keyHash === undefined ? securityProfileMin === 0 : isHis(id, credentials, keyHash)
  }

  function isHis(id: string, credentials: Introduction['credentials'], keyHash: string): boolean {
    return (
      credentials !== undefined &&
      credentials.user === id &&
      keys.matches(id, credentials.key, keyHash)
    )
  }
}
