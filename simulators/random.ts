/**
 * A small seeded generator (sfc32): everything that chance decides comes from one of these, so
 * the same seed drives the same fleet. Not for secrets.
 */
export interface Random {
  /** From 0 inclusive to 1 exclusive. */
  next(): number
  between(low: number, high: number): number
  /** Both ends inclusive. */
  integer(low: number, high: number): number
  chance(probability: number): boolean
  pick<T>(list: readonly T[]): T
  text(alphabet: string, length: number): string
  /** Time to the next of events that come on average every `mean`. */
  waitingTime(mean: number): number
}

/** Equal texts give equal sequences; texts that differ in one letter have nothing in common. */
export function createRandom(seed: string): Random {
  let [a, b, c, d] = hashText(seed)
  const next = (): number => {
    const sum = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return (sum >>> 0) / 2 ** 32
  }
  // The first values still show the seed's structure.
  for (let round = 0; round < 12; round++) next()

  const between = (low: number, high: number) => low + (high - low) * next()
  const integer = (low: number, high: number) => low + Math.floor((high - low + 1) * next())
  return {
    next,
    between,
    integer,
    chance: (probability) => next() < probability,
    pick: (list) => elementAt(list, integer(0, list.length - 1)),
    text: (alphabet, length) =>
      Array.from({ length }, () => alphabet.charAt(integer(0, alphabet.length - 1))).join(''),
    waitingTime: (mean) => -Math.log(1 - next()) * mean,
  }
}

/** A short id that only depends on `text`. */
export function hashToId(text: string, length: number): string {
  return createRandom(text).text(ID_ALPHABET, length)
}

const ID_ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

type Words = readonly [number, number, number, number]

/** Four FNV-1a hashes with different starts, each finished by a mixer. */
function hashText(text: string): Words {
  const hash = (start: number): number => {
    let value = start
    for (let index = 0; index < text.length; index++) {
      value = Math.imul(value ^ text.charCodeAt(index), 16_777_619)
    }
    value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
    value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
    return value ^ (value >>> 16)
  }
  return [hash(0x811c9dc5), hash(0x1b873593), hash(0x9e3779b9), hash(0x243f6a88)]
}

function elementAt<T>(list: readonly T[], index: number): T {
  if (index < 0 || index >= list.length) throw new RangeError(`no element ${index}`)
  return list[index] as T
}
