// Builds the native module and writes `index.d.ts`; with `--check` it fails where the
// committed `index.d.ts` is not what the sources give.
//
// One cargo profile and the one target folder of the workspace, so that nothing is
// compiled twice.

import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

import { generateTypeDef } from '@napi-rs/cli'

const { nativeFileName } = createRequire(import.meta.url)('../lib/native.js')

const { values: options } = parseArgs({ options: { check: { type: 'boolean', default: false } } })
const root = dirname(dirname(fileURLToPath(import.meta.url)))
const cargo = process.env.CARGO ?? 'cargo'

const metadata = JSON.parse(
  execFileSync(cargo, ['metadata', '--format-version=1', '--no-deps'], { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 }),
)
const target = metadata.target_directory
const definitions = join(target, 'napi-types')
mkdirSync(definitions, { recursive: true })

execFileSync(cargo, ['build', '--release', '--locked', '--package', 'besunny-node'], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, NAPI_TYPE_DEF_TMP_FOLDER: definitions },
})

const libraries = { linux: 'libbesunny_node.so', darwin: 'libbesunny_node.dylib', win32: 'besunny_node.dll' }
const library = join(target, 'release', libraries[process.platform] ?? libraries.linux)
const native = join(root, nativeFileName())
// A running process may have the old file mapped: put the new one in its place in one step.
copyFileSync(library, `${native}.new`)
renameSync(`${native}.new`, native)

const header = readFileSync(join(root, 'types', 'header.d.ts'), 'utf8')
const { dts } = await generateTypeDef({ typeDefDir: definitions, cwd: root, dtsHeader: header, constEnum: false })
const typesFile = join(root, 'index.d.ts')
if (options.check) {
  if (readFileSync(typesFile, 'utf8') !== dts) {
    console.error('index.d.ts is not current; run `npm run build` and commit it')
    process.exitCode = 1
  }
} else {
  writeFileSync(typesFile, dts)
}
