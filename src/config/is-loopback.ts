/** Only processes of this machine reach it. */
export function isLoopback(host: string): boolean {
  return /^(127\.|::1$|localhost$)/.test(host)
}
