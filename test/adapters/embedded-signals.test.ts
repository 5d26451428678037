import t from 'tap'
import { createEmbeddedSignals } from '../../src/adapters/signals/embedded.ts'
import { signalsContract } from '../contracts/signals.ts'

signalsContract(t, async (t) => {
  const failures: unknown[] = []
  const signals = createEmbeddedSignals({
    onDeliveryFailed: (_channel, error) => void failures.push(error),
  })
  await signals.open()
  t.teardown(() => signals.close())
  return { instances: [signals], failures }
})
