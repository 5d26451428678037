import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

const read = (name: string): string => readFileSync(join(import.meta.dirname, '..', name), 'utf8')

t.test('the container and make start it as npm start does', async (t) => {
  const { scripts } = JSON.parse(read('package.json'))
  const [, command = '[]'] = /^CMD (.*)$/m.exec(read('Dockerfile')) ?? []
  t.equal(JSON.parse(command).join(' '), scripts.start)
  t.ok(read('Makefile').includes(`\n\t${scripts.start}\n`))
  t.match(scripts.start, /^node --max-semi-space-size=\d+ src\/main\.ts$/)
})
