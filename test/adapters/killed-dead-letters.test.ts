import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import t from 'tap'
import type { DeadLetters } from '../../src/ports/dead-letters.ts'
import { openDeadLetters } from '../helpers/dead-letters.ts'
import { BATCH_SIZE, letterOf } from './fixtures/keep-until-killed.ts'

const ROUNDS = 4

function start(dataDir: string, first: number): ChildProcess {
  const script = new URL('./fixtures/keep-until-killed.ts', import.meta.url).pathname
  const stdio = ['ignore', 'pipe', 'inherit'] as const
  return spawn(process.execPath, [script, dataDir, String(first)], { stdio: [...stdio] })
}

/** Numbers of the batches that were reported before the kill. */
async function killAfter(child: ChildProcess, batches: number): Promise<number[]> {
  const kept: number[] = []
  if (child.stdout === null) throw new Error('no output')
  for await (const line of createInterface({ input: child.stdout })) {
    kept.push(Number(line))
    if (kept.length === batches) child.kill('SIGKILL')
  }
  if (child.signalCode === null && child.exitCode === null) await once(child, 'exit')
  return kept
}

async function allPayloads(deadLetters: DeadLetters): Promise<Set<string>> {
  const payloads = new Set<string>()
  let after: number | undefined = 0
  while (after !== undefined) {
    const page: Awaited<ReturnType<DeadLetters['list']>> = await deadLetters.list({
      after,
      limit: 400,
    })
    for (const { payload, isPayloadLost } of page.letters) {
      if (isPayloadLost !== true) payloads.add(Buffer.from(payload).toString())
    }
    after = page.next
  }
  return payloads
}

t.test('what was kept is there with its payload, whenever the process was killed', async (t) => {
  const dataDir = t.testdir()
  const kept: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    kept.push(...(await killAfter(start(dataDir, round * 10_000), 5 + round * 7)))
    const { deadLetters, close } = await openDeadLetters(dataDir)
    const payloads = await allPayloads(deadLetters)
    const lost = kept.flatMap((batch) =>
      Array.from({ length: BATCH_SIZE }, (_, item) => String(letterOf(batch, item).payload)).filter(
        (text) => !payloads.has(text),
      ),
    )
    t.strictSame(lost, [], `round ${round}, ${kept.length} batches`)
    t.equal(payloads.size % BATCH_SIZE, 0, 'no batch is there in part')
    t.equal(await deadLetters.countOpen(), payloads.size, 'no letter without its payload')
    await close()
  }
})
