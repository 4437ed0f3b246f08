'use strict'

// Finds the ONNX Runtime library inside the installed `onnxruntime-node`. Its install
// script is not needed: the library for the CPU is part of the package.

const { readdirSync } = require('node:fs')
const { dirname, join } = require('node:path')

const LIBRARY = /^(libonnxruntime\.so(\.\d+)*|libonnxruntime(\.\d+)*\.dylib|onnxruntime\.dll)$/

function packageFolder() {
  let folder = dirname(require.resolve('onnxruntime-node'))
  while (folder !== dirname(folder)) {
    if (readdirSync(folder).includes('bin')) return folder
    folder = dirname(folder)
  }
  return undefined
}

/** The library file; nothing when the environment names one or the package is not there. */
function findRuntimeLibrary() {
  if (process.env.ORT_DYLIB_PATH) return undefined
  try {
    const bin = join(packageFolder(), 'bin')
    for (const api of readdirSync(bin)) {
      const folder = join(bin, api, process.platform, process.arch)
      const file = readdirSync(folder).find((name) => LIBRARY.test(name))
      if (file !== undefined) return join(folder, file)
    }
  } catch {
    // Without it the library looks in the usual folders, and its error says what to do.
  }
  return undefined
}

module.exports = { findRuntimeLibrary }
