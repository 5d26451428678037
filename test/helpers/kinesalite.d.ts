declare module 'kinesalite' {
  import type { AddressInfo } from 'node:net'

  interface Server {
    listen(port: number, host: string, listening: () => void): void
    address(): AddressInfo
    close(closed?: () => void): void
  }
  function kinesalite(options?: {
    readonly createStreamMs?: number
    readonly shardLimit?: number
  }): Server
  export = kinesalite
}
