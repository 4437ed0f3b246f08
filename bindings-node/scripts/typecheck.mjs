// Type-checks `test/typing/whole-face.ts` as TypeScript users have it: as CommonJS and as
// an ES module, under each way to resolve modules that knows `exports`.

import { spawnSync } from 'node:child_process'
import { copyFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const packageFile = createRequire(import.meta.url).resolve('typescript/package.json')
const tsc = join(dirname(packageFile), 'bin', 'tsc')
const commonJs = join(root, 'test', 'typing', 'whole-face.ts')
const esModule = join(root, 'test', 'typing', 'whole-face.copy.mts')

copyFileSync(commonJs, esModule)
try {
  for (const [module, resolution] of [['node16', 'node16'], ['nodenext', 'nodenext'], ['esnext', 'bundler']]) {
    const options = ['--strict', '--exactOptionalPropertyTypes', '--noEmit', '--target', 'es2022', '--types', 'node']
    const files = resolution === 'bundler' ? [esModule] : [commonJs, esModule]
    const done = spawnSync(
      process.execPath,
      [tsc, ...options, '--module', module, '--moduleResolution', resolution, ...files],
      { cwd: root, stdio: 'inherit' },
    )
    if (done.status !== 0) process.exitCode = 1
    console.log(`${resolution}: ${done.status === 0 ? 'fine' : 'failed'}`)
  }
} finally {
  rmSync(esModule, { force: true })
}
