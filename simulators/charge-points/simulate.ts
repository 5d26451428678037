import { parseArguments, USAGE } from './arguments.ts'
import { runSimulation } from './simulation.ts'

// Exit codes: 0 stopped as wished, 1 the server can't be reached, 2 wrong arguments.

const parsed = parseArguments(process.argv.slice(2), process.env)
if (parsed.kind === 'help') {
  process.stdout.write(USAGE)
} else if (parsed.kind === 'wrong') {
  process.stderr.write(`${parsed.message}. All options: --help\n`)
  process.exitCode = 2
} else {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => stop.abort(signal))
  }
  // Whoever read our output has gone (`| head`).
  process.stdout.on('error', () => stop.abort('output closed'))
  const code = await runSimulation(parsed.arguments, stop.signal, process.stdout, process.stderr)
  // Not exitCode alone: a connection that does not hang up in time would keep the process.
  process.exit(code)
}
