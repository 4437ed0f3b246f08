'use strict'

// Bulk loads with `{ progress, signal }`.

const { cancelled, checkFunction, splitSignal, stoppable } = require('./calls.js')
const { asBesunnyError } = require('./errors.js')

function loading(native, operation, method) {
  return async function (path, given) {
    const { signal, options } = splitSignal(operation, given)
    const { progress } = options
    if (progress != null) checkFunction(operation, 'progress', progress)
    if (signal?.aborted) throw cancelled(operation, 'the signal was aborted before the call', signal.reason)

    let thrown
    try {
      return await stoppable(native, signal, async (token, stop) => {
        const report = (step) => {
          if (step == null || thrown) return
          try {
            progress(step)
          } catch (error) {
            thrown = { error }
            stop()
          }
        }
        const done = await method.call(this, path, progress ? report : undefined, token)
        if (thrown) throw thrown.error
        return done
      })
    } catch (error) {
      if (thrown) throw cancelled(operation, 'the progress callback threw', thrown.error)
      throw asBesunnyError(error, operation)
    }
  }
}

module.exports = { loading }
