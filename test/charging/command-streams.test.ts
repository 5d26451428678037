import t from 'tap'
import type { CommandSink } from '../../src/charging/command-streams.ts'
import type { ExecutionResult } from '../../src/charging/session.ts'
import { createCommandWorld } from '../helpers/command-world.ts'
import { until } from '../helpers/until.ts'

const FOR_EVER = Number.POSITIVE_INFINITY

/** A reader of a stream, and what it has read. */
class Sink implements CommandSink {
  #text = ''
  buffered = 0
  isEnded = false
  isDestroyed = false

  write(text: string): void {
    this.#text += text
  }

  bufferedBytes(): number {
    return this.buffered
  }

  end(): void {
    this.isEnded = true
  }

  destroy(): void {
    this.isDestroyed = true
  }

  get events(): { event: string; data: Record<string, unknown> }[] {
    const found = this.#text.matchAll(/^event: (.*)\ndata: (.*)\n\n/gm)
    return [...found].map(([, event = '', data = '']) => ({ event, data: JSON.parse(data) }))
  }

  get commands(): Record<string, unknown>[] {
    return this.events.filter(({ event }) => event === 'command').map(({ data }) => data)
  }

  get states(): unknown[] {
    return this.commands.map(({ state }) => state)
  }
}

t.test('one command, in each of its states, until it has ended', async (t) => {
  const one = (await createCommandWorld(t)).instance('one')
  const channel = await one.connect('A')
  const answer = Promise.withResolvers<ExecutionResult>()
  channel.answer = () => answer.promise
  const blocking = await one.ask('A', 'reset')
  await until(() => channel.told.length === 1)
  const { id } = await one.ask('A', 'clear-cache')
  const sink = new Sink()
  one.streams.open({ commandId: id, expiresAt: FOR_EVER, sink })
  await until(() => sink.states.length === 1)
  t.strictSame(sink.states, ['queued'])
  answer.resolve({ state: 'accepted' })
  await until(() => sink.isEnded)
  t.equal(sink.states.at(-1), 'accepted')
  t.notOk(sink.commands.some(({ id }) => id === blocking.id))
  const late = new Sink()
  one.streams.open({ commandId: id, expiresAt: FOR_EVER, sink: late })
  await until(() => late.isEnded)
  t.strictSame(late.states, ['accepted'])
})

t.test('outcomes, whichever instance has them and however they ended', async (t) => {
  const world = await createCommandWorld(t)
  const [one, other] = [world.instance('one'), world.instance('other')]
  const [all, ofB] = [new Sink(), new Sink()]
  one.streams.open({ expiresAt: FOR_EVER, sink: all })
  one.streams.open({ chargePointId: 'B', expiresAt: FOR_EVER, sink: ofB })
  t.match(all.events, [{ event: 'ready' }])
  await other.connect('A')
  const accepted = await other.ask('A', 'clear-cache')
  await until(() => all.states.length === 1)
  const lost = await one.connect('B')
  lost.isOpen = false
  const cancelled = await other.ask('B', 'clear-cache')
  await other.commands.cancel(cancelled.id)
  const change = (isOperative: boolean) => other.ask('B', 'change-availability', { isOperative })
  const superseded = await change(true)
  await change(false)
  await until(() => all.states.length === 3)
  const told = all.commands.map(({ id }) => id)
  t.strictSame(told.toSorted(), [accepted.id, cancelled.id, superseded.id].toSorted())
  t.strictSame(ofB.states.toSorted(), ['cancelled', 'superseded'])
})

t.test('so many streams, none for those who read too slowly, none after the end', async (t) => {
  const one = (await createCommandWorld(t)).instance('one')
  const sinks = [new Sink(), new Sink(), new Sink()]
  const close = sinks.map((sink) => one.streams.open({ expiresAt: FOR_EVER, sink }))
  const open = () => one.streams.open({ expiresAt: FOR_EVER, sink: new Sink() })
  t.throws(open, /All 3 streams/)
  close[0]?.()
  const [gone, slow, good] = sinks
  if (slow !== undefined) slow.buffered = 1_000_000
  await one.connect('A')
  await one.ended((await one.ask('A', 'clear-cache')).id)
  await until(() => good?.states.length === 1)
  t.equal(gone?.states.length, 0)
  t.equal(slow?.isDestroyed, true)
  one.streams.close()
  t.match(good?.events.at(-1), { event: 'bye' })
  t.equal(good?.isEnded, true)
  t.throws(open, /stopping/)
})
