import { parseArgs } from 'node:util'
import { createConfig } from '../src/config/config.ts'
import { ConfigurationError, readEnv } from '../src/config/env.ts'
import { ACCESS_ROLES, type AccessRole } from '../src/http/caller.ts'
import { loadKeyPair, signToken } from '../src/http/local-keys.ts'

// Prints a token for the key pair in the data folder: only the token on stdout, so that
// TOKEN=$(node scripts/token.ts --role operator) works; everything else on stderr.

const HELP = `Usage: node scripts/token.ts --role <role> [options]

Prints a token signed with the key pair in the data folder, which is created if it is missing.

  --role <role>      ${ACCESS_ROLES.join(', ')}; may be given more than once
  --subject <text>   who the token is for (for a device its id)   default: dev-<role>
  --hours <number>   how long it is valid, 8760 at most           default: 12
  --data-dir <path>  data folder of Fleetgrid                     default: DATA_DIR, or ./data
  --help
`
const HOUR_MS = 3_600_000
const HOURS_MAX = 8760

try {
  await main()
} catch (error) {
  console.error(error instanceof ConfigurationError ? error.message : `token: ${message(error)}`)
  process.exitCode = 2
}

async function main(): Promise<void> {
  const options = readOptions()
  if (options === undefined) return console.log(HELP)
  const env = readEnv()
  const { auth } = createConfig({ ...env, DATA_DIR: options.dataDir ?? env.DATA_DIR })
  if (auth.provider === 'jwks') {
    throw new Error('JWT_JWKS_URL is set: tokens come from that issuer, not from here')
  }
  const { roles, subject, lifetimeMs } = options
  const { issuer, audience } = auth
  const pair = await loadKeyPair(auth.keyDir)
  console.log(signToken(pair, { roles, subject, lifetimeMs, issuer, audience }))
  const until = new Date(Date.now() + lifetimeMs).toISOString()
  console.error(`${subject} with the role ${roles.join(', ')}, valid until ${until}`)
}

/** Undefined: only help is wanted. */
function readOptions() {
  const { values } = parseArgs({
    options: {
      role: { type: 'string', multiple: true },
      subject: { type: 'string' },
      hours: { type: 'string', default: '12' },
      'data-dir': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  const roles = (values.role ?? []).map(readRole)
  if (roles.length === 0) throw new Error(`--role is needed: one of ${ACCESS_ROLES.join(', ')}`)
  const hours = Number(values.hours)
  if (!(hours > 0 && hours <= HOURS_MAX)) {
    throw new Error(`--hours ${values.hours} must be a number above 0, ${HOURS_MAX} at most`)
  }
  const subject = values.subject ?? `dev-${roles[0]}`
  return { roles, subject, lifetimeMs: hours * HOUR_MS, dataDir: values['data-dir'] }
}

function readRole(text: string): AccessRole {
  const role = ACCESS_ROLES.find((known) => known === text)
  if (role === undefined) {
    throw new Error(`--role ${text} is not known: use one of ${ACCESS_ROLES.join(', ')}`)
  }
  return role
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
