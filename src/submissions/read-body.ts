import { isUtf8 } from 'node:buffer'
import type { Encoding } from './submission.ts'

// The body of a message → text. `Buffer.from(text, 'base64')` never fails: it leaves out what it
// doesn't know, stops at the first `=`, and takes the alphabet of URLs too. Here only what an encoder
// writes is taken, so that one submission has one spelling.

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/

export type Body =
  | { readonly encoding: Encoding; readonly text: string }
  | { readonly encoding: Encoding; readonly reason: string }

export function readBody(body: string): Body {
  if (encodingOf(body) === 'json') {
    if (body.isWellFormed()) return { encoding: 'json', text: body }
    return { encoding: 'json', reason: 'the body has half a character: a lone surrogate' }
  }
  const bytes = decodeBase64(body)
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

function decodeBase64(text: string): Buffer | undefined {
  if (text.length === 0 || text.length % 4 !== 0 || !BASE64.test(text)) return undefined
  const bytes = Buffer.from(text, 'base64')
  // The last group may hold bits that belong to no byte: they have to be 0.
  const tail = bytes.subarray(Math.max(0, text.length / 4 - 1) * 3)
  return tail.toString('base64') === text.slice(-4) ? bytes : undefined
}
