import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'
import { readOrCreatePrivateFile } from '../lib/private-file.ts'

/** Of the way of hashing, in front of each hash. */
const VERSION = 'h1'
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** Text of at least 32 characters, or a file that has it. */
export type KeySecret = { readonly secret: string } | { readonly file: string }

/**
 * Passwords of charge points. One is 16 to 20 random bytes: nobody finds it by trying, so one pass of a
 * keyed hash is enough. It has to be, when a hundred thousand come back at once. The secret is ours
 * alone: who has only the database has nothing to try against.
 */
export class ChargePointKeys {
  readonly #source: KeySecret
  #secret: Buffer | undefined

  constructor(source: KeySecret) {
    this.#source = source
    if ('secret' in source) this.#secret = Buffer.from(source.secret)
  }

  /** Reads the file, or creates it. */
  async open(): Promise<void> {
    if (!('file' in this.#source)) return
    const { file } = this.#source
    const text = await readOrCreatePrivateFile(file, () => randomBytes(32).toString('base64url'))
    this.#secret = Buffer.from(text.trim())
  }

  hash(chargePointId: string, key: Uint8Array): string {
    const hash = createHmac('sha256', this.#open()).update(chargePointId).update('\0').update(key)
    return `${VERSION}:${hash.digest('base64url')}`
  }

  matches(chargePointId: string, key: Uint8Array, keyHash: string): boolean {
    const expected = Buffer.from(keyHash)
    const given = Buffer.from(this.hash(chargePointId, key))
    return expected.length === given.length && timingSafeEqual(expected, given)
  }

  /** For a password that has to be kept until a charge point gets it. AES-256-GCM. */
  seal(text: string): string {
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', this.#sealingKey(), nonce)
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url')
  }

  /** @throws Error if it was sealed with another secret */
  unseal(sealed: string): string {
    const bytes = Buffer.from(sealed, 'base64url')
    const tagEnd = NONCE_BYTES + TAG_BYTES
    const nonce = bytes.subarray(0, NONCE_BYTES)
    const decipher = createDecipheriv('aes-256-gcm', this.#sealingKey(), nonce)
    decipher.setAuthTag(bytes.subarray(NONCE_BYTES, tagEnd))
    const text = Buffer.concat([decipher.update(bytes.subarray(tagEnd)), decipher.final()])
    return text.toString('utf8')
  }

  #open(): Buffer {
    if (this.#secret === undefined) throw new Error('the secret of the keys is not open')
    return this.#secret
  }

  #sealingKey(): Uint8Array {
    return new Uint8Array(hkdfSync('sha256', this.#open(), '', 'sealed commands', 32))
  }
}
