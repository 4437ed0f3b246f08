// The example of the README runs as it stands.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

import { folder, repository } from './support.mjs'

test('the example of the README', async (t) => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
  const [, example] = readme.match(/```js\n([^]*?)```/)
  const place = await folder(t)
  const source = example
    .replace(`'besunny'`, JSON.stringify(new URL('../index.mjs', import.meta.url).href))
    .replace(`'../examples`, `'${repository}/examples`)
  await writeFile(join(place, 'example.mjs'), source)
  const run = promisify(execFile)
  const { stdout } = await run(process.execPath, ['example.mjs'], { cwd: place, timeout: 60_000 })
  const lines = stdout.trim().split('\n')
  assert.match(lines[0], /^true /)
  assert.match(stdout, /Drone permit Alfama: granted!/)
})
