import type { IncomingMessage } from 'node:http'
import { BlockList, isIP, isIPv6 } from 'node:net'

/** Who is at the other end, as far as it can be believed. */
export interface Peer {
  readonly address: string | undefined
  readonly isTls: boolean
}

export type DescribePeer = (request: IncomingMessage) => Peer

/**
 * Forwarded headers are believed only of these addresses or networks (`10.0.0.0/8`): anybody else could
 * claim to have come over TLS.
 */
export function createDescribePeer(trustedProxies: readonly string[]): DescribePeer {
  const trusted = new BlockList()
  for (const proxy of trustedProxies) {
    const [address = '', bits] = proxy.split('/')
    const family = familyOf(address)
    if (bits === undefined) trusted.addAddress(address, family)
    else trusted.addSubnet(address, Number(bits), family)
  }
  const isTrusted = (address: string): boolean =>
    isIP(address) !== 0 && trusted.check(address, familyOf(address))
  return ({ socket, headers }) => {
    const direct = socket.remoteAddress
    const isTls = 'encrypted' in socket && socket.encrypted === true
    if (direct === undefined || !isTrusted(direct)) return { address: direct, isTls }
    const protocols = entriesOf(headers['x-forwarded-proto'])
    const addresses = entriesOf(headers['x-forwarded-for'])
    return {
      // From the right: each proxy adds whom it has seen.
      address: addresses.findLast((address) => !isTrusted(address)) ?? direct,
      isTls: isTls || protocols.at(-1) === 'https' || protocols.at(-1) === 'wss',
    }
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4'
}

function entriesOf(header: string | string[] | undefined): string[] {
  const text = Array.isArray(header) ? header.join(',') : (header ?? '')
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
}
