const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193

/** FNV-1a over UTF-16 units, well mixed: stable for ever, because it is stored. */
function hash32(text: string, seed: number): number {
  let hash = FNV_OFFSET ^ seed
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), FNV_PRIME)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** 1 to 2^52: among a million texts two are alike once in nine thousand fleets. */
export function hash52(text: string): number {
  const high = hash32(text, 0) >>> 12
  return high * 2 ** 32 + hash32(text, 0x9e3779b9) + 1
}
