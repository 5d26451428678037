import { createHash, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createSigner } from 'fast-jwt'
import { readOrCreatePrivateFile } from '../lib/private-file.ts'
import type { AccessRole, KeySource } from './caller.ts'

const PRIVATE_KEY_FILE = 'token-key.pem'

export interface KeyPair {
  readonly id: string
  readonly publicKey: string
  readonly privateKey: string
}

/** A key pair of this machine, for development and for installations without an identity provider. */
export function createLocalKeys(keyDir: string): KeySource {
  let loading: Promise<KeyPair> | undefined
  const load = (): Promise<KeyPair> => {
    loading ??= loadKeyPair(keyDir)
    return loading
  }
  return {
    async open() {
      await load()
    },
    publicKey: async () => (await load()).publicKey,
  }
}

/** Reads the pair, or creates it. Of two processes that start at once both get the same pair. */
export async function loadKeyPair(keyDir: string): Promise<KeyPair> {
  const file = join(keyDir, PRIVATE_KEY_FILE)
  const privateKey = await readOrCreatePrivateFile(file, createPrivateKey)
  const publicKey = readPublicKey(file, privateKey)
    .export({ type: 'spki', format: 'pem' })
    .toString()
  const id = createHash('sha256').update(publicKey).digest('base64url').slice(0, 16)
  return { id, publicKey, privateKey }
}

function readPublicKey(file: string, privateKey: string): KeyObject {
  try {
    return createPublicKey(privateKey)
  } catch (cause) {
    throw new Error(`${file} holds no private key: remove it and a new one is made`, { cause })
  }
}

async function createPrivateKey(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

export interface TokenRequest {
  readonly subject: string
  readonly roles: readonly AccessRole[]
  readonly lifetimeMs: number
  readonly issuer?: string | undefined
  readonly audience?: string | undefined
}

/** A token as Cognito would make it, signed with the local pair. */
export function signToken(pair: KeyPair, request: TokenRequest): string {
  const sign = createSigner({
    algorithm: 'RS256',
    key: pair.privateKey,
    kid: pair.id,
    expiresIn: request.lifetimeMs,
  })
  const { subject, roles, issuer, audience } = request
  return sign({
    sub: subject,
    'cognito:groups': roles,
    ...(issuer === undefined ? {} : { iss: issuer }),
    ...(audience === undefined ? {} : { aud: audience }),
  })
}
