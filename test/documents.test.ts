import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import t from 'tap'
import { describeMetrics } from '../scripts/describe-metrics.ts'
import { variables } from '../src/config/env.ts'

// What people wrote by hand names files, tests, metrics and variables: none of these names may be stale.

const root = resolve(import.meta.dirname, '..')
const howTo = readdirSync(resolve(root, 'docs/how-to')).map((name) => `docs/how-to/${name}`)
const pages = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', ...howTo].map((path) => ({
  path,
  text: readFileSync(resolve(root, path), 'utf8'),
}))
const metrics = await describeMetrics()
const makefile = readFileSync(resolve(root, 'Makefile'), 'utf8')

/** All files below these folders, from the root. */
const files = ['src', 'test', 'bench', 'scripts', 'simulators'].flatMap((folder) =>
  readdirSync(resolve(root, folder), { recursive: true }).map((path) => `${folder}/${path}`),
)

for (const { path, text } of pages) {
  t.test(`${path}: what it names is there`, async (t) => {
    for (const [, link = ''] of text.matchAll(/\]\(((?!https?:)[^)#]+)/g)) {
      t.ok(existsSync(resolve(root, dirname(path), link)), link)
    }
    for (const [, name = ''] of text.matchAll(/`([\w./-]+\.ts)`/g)) {
      const isThere = files.some((file) => file === name || file.endsWith(`/${name}`))
      t.ok(isThere || name === 'index.ts', name)
    }
    for (const [name] of text.matchAll(/fleetgrid_\w+(?<!_)/g)) {
      t.ok(metrics.includes(`\`${name}\``), name)
    }
    for (const [, name = ''] of text.matchAll(/`([A-Z\d]+_[A-Z_\d]+)[`=]/g)) {
      t.ok(Object.hasOwn(variables, name), name)
    }
    for (const [, target = ''] of text.matchAll(/(?:`|^)make ([a-z]+(?:-[a-z]+)*)[` ]/gm)) {
      t.ok(makefile.includes(`\n${target}:`), `make ${target}`)
    }
  })
}

t.test('what-if: every row names a test, and every test is there', async (t) => {
  const path = 'docs/how-to/what-if.md'
  const text = pages.find((page) => page.path === path)?.text ?? ''
  const rows = text.split('\n').filter((line) => /^\| (?!what if)/.test(line))
  t.ok(rows.length > 40)
  for (const row of rows) {
    const links = [...row.matchAll(/\[([^\]]+)\]\((\.\.\/\.\.\/test\/[^)]+)\)/g)]
    t.ok(links.length > 0, row)
    for (const [, name = '', link = ''] of links) {
      const test = readFileSync(resolve(root, dirname(path), link), 'utf8')
      t.ok(test.includes(name), `${basename(link)}: ${name}`)
    }
  }
})
