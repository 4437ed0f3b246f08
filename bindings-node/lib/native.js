'use strict'

// Finds and loads the native module, or says in one error why there is none.

const { readFileSync } = require('node:fs')

const { BesunnyError } = require('./errors.js')

function isMusl() {
  try {
    return process.platform === 'linux' && readFileSync('/usr/bin/ldd', 'latin1').includes('musl')
  } catch {
    return false
  }
}

/** `besunny.linux-x64-gnu.node` and the like. */
function nativeFileName() {
  const abi = { linux: isMusl() ? '-musl' : '-gnu', win32: '-msvc' }[process.platform] ?? ''
  return `besunny.${process.platform}-${process.arch}${abi}.node`
}

function isEdgeRuntime() {
  return typeof globalThis.EdgeRuntime !== 'undefined' || Boolean(globalThis.Deno?.env?.get?.('DENO_DEPLOYMENT_ID'))
}

function cannotLoad(cause) {
  const message = isEdgeRuntime()
    ? 'edge runtimes (Supabase Edge Functions, Deno Deploy) cannot load native modules: ' +
      'verify and enqueue in the edge function, and let a worker with besunny do the rest'
    : `the native module ${nativeFileName()} cannot be loaded; install besunny for this platform, or build it with ` +
      '`npm run build`. Where native modules are not allowed (edge runtimes; Deno without --allow-ffi), verify and ' +
      'enqueue there, and let a worker with besunny do the rest'
  return new BesunnyError({
    code: 'unsupported',
    operation: 'load',
    message: `load: ${message} (unsupported): ${cause?.message ?? cause}`,
    context: { platform: `${process.platform}-${process.arch}` },
    cause,
  })
}

function load() {
  try {
    return require(`../${nativeFileName()}`)
  } catch (cause) {
    throw cannotLoad(cause)
  }
}

module.exports = { cannotLoad, load, nativeFileName }
