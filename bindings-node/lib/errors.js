'use strict'

// The error class, and the way from what the native module throws to it.

/** What every call of this package rejects with. */
class BesunnyError extends Error {
  constructor({ code, operation, message, context = {}, retryable = false, cause }) {
    super(message, cause === undefined || cause === null ? undefined : { cause })
    this.code = code
    this.operation = operation
    this.context = context
    this.retryable = retryable
  }
}
Object.defineProperty(BesunnyError.prototype, 'name', { value: 'BesunnyError', configurable: true, writable: true })

const PACKED = '{"besunny":'

/** What napi answers when an argument is of the wrong type. */
const ARGUMENT_STATUS =
  /^(InvalidArg|\w+Expected)$/

/** Makes any thrown value a `BesunnyError`; `operation` is the call, for errors that do not know it. */
function asBesunnyError(error, operation) {
  if (error instanceof BesunnyError) return error
  const text = error instanceof Error ? error.message : String(error)
  if (text.startsWith(PACKED)) {
    // For a field of an options object napi adds ` on ListOptions.size`.
    const end = text.lastIndexOf('}') + 1
    const fields = JSON.parse(text.slice(0, end)).besunny
    const option = /\.(\w+)$/.exec(text.slice(end))?.[1]
    if (option !== undefined) fields.context.option = option
    if (fields.operation === 'arguments') {
      fields.message = fields.message.replace(/^arguments/, option === undefined ? operation : `${operation}: ${option}`)
      fields.operation = operation
    }
    return new BesunnyError(fields)
  }
  const code = ARGUMENT_STATUS.test(error?.code ?? '') || error instanceof TypeError ? 'invalid_input' : 'internal'
  return new BesunnyError({ code, operation, message: `${operation}: ${text} (${code})`, cause: error })
}

module.exports = { BesunnyError, asBesunnyError }
