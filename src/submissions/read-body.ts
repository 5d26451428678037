import { isUtf8 } from 'node:buffer'
import { decodeBase64 } from '../lib/base64.ts'
import type { Encoding } from './submission.ts'

// The body of a message → text.

export type Body =
  | { readonly encoding: Encoding; readonly text: string }
  | { readonly encoding: Encoding; readonly reason: string }

export function readBody(body: string): Body {
  if (encodingOf(body) === 'json') {
    if (body.isWellFormed()) return { encoding: 'json', text: body }
    return { encoding: 'json', reason: 'the body has half a character: a lone surrogate' }
  }
  const bytes = body === '' ? undefined : decodeBase64(body)
  if (bytes === undefined) {
    return { encoding: 'base64', reason: 'the body is neither a JSON object nor base64' }
  }
  if (!isUtf8(bytes)) return { encoding: 'base64', reason: 'the decoded body is not valid UTF-8' }
  return { encoding: 'base64', text: bytes.toString('utf8') }
}

/** No base64 begins like a JSON object. */
export function encodingOf(body: string): Encoding {
  return /^\s*\{/.test(body) ? 'json' : 'base64'
}
