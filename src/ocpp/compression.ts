import { PerMessageDeflate, type ServerOptions } from 'ws'

// permessage-deflate (RFC 7692) is a duty of a 2.0.1 CSMS (part 4, table 2). As `ws` does it by default it
// takes 240 KB a connection. Here it takes memory only while a message is being read: messages are
// compressed one by one, and what reads them is given back after each. We don't compress what we send,
// which RFC 7692 §6 leaves to us: it is short, or rare (ADR 0013).

export const COMPRESSION: ServerOptions['perMessageDeflate'] = {
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  zlibInflateOptions: { chunkSize: 1024 },
}

// Exported by `ws` since 8.20, not yet by its types.
declare module 'ws' {
  export const PerMessageDeflate: {
    readonly extensionName: string
    new (options: object): { accept(offers: readonly object[]): object }
  }
}

type ActiveExtensions = Readonly<Record<string, { cleanup?(): void } | undefined>>

/** Gives back what has read a message, as soon as it is read. `ws` has no public way to it. */
export function releaseInflater(socket: object): void {
  const { _extensions: extensions } = socket as { _extensions?: ActiveExtensions }
  extensions?.[PerMessageDeflate.extensionName]?.cleanup?.()
}
