import { publicError } from '../domain/errors.ts'

/** As given in the configuration. */
export interface WebhookSettings {
  /** `host`, or `host:port` where the port is not the usual one; others are never called. */
  readonly hosts: ReadonlySet<string>
  /** Signs what is sent. */
  readonly secret: string | undefined
}

/** @throws FleetgridError `invalid`, with the reason, for what must not be called */
export type CheckWebhookUrl = (url: string) => URL

/** Whoever may ask for commands must not be able to make this process call just anybody. */
export function createWebhookCheck({ hosts }: Pick<WebhookSettings, 'hosts'>): CheckWebhookUrl {
  return (text) => {
    if (!URL.canParse(text)) throw refused('is no URL')
    const url = new URL(text)
    if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) {
      throw refused('must begin with https://')
    }
    if (url.username !== '' || url.password !== '') throw refused('must hold no password')
    if (hosts.size === 0) throw refused('is not allowed: the variable WEBHOOK_HOSTS names no host')
    if (!hosts.has(url.host)) {
      throw refused(`is not allowed: the variable WEBHOOK_HOSTS doesn’t name ${url.host}`)
    }
    return url
  }
}

function refused(reason: string) {
  return publicError('invalid', `\`webhookUrl\` ${reason}`, { field: 'webhookUrl' })
}

/** As URL writes it: only processes of this machine. */
function isLoopback(hostname: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)
}
