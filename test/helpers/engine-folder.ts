import type { Test } from 'tap'

/**
 * A folder of the test, for what the test starts and stops. tap removes `t.testdir()` before it calls what
 * was registered after it: under running engines, which fails now and then, and then nothing is stopped.
 */
export function engineFolder(t: Test, content: object = {}): string {
  t.teardown(() => undefined)
  return t.testdir(content as Parameters<Test['testdir']>[0])
}
