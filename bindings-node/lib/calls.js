'use strict'

// The conventions of a call: what goes wrong is a `BesunnyError`, and an `AbortSignal` stops
// what can be stopped.

const { BesunnyError, asBesunnyError } = require('./errors.js')

function define(target, name, value) {
  Object.defineProperty(target, name, { value, configurable: true, writable: true })
  Object.defineProperty(value, 'name', { value: typeof name === 'symbol' ? `[${name.description}]` : name })
}

/** The method, answering always with a promise, and in it with a `BesunnyError` at worst. */
function promising(operation, method) {
  return async function (...args) {
    try {
      return await method.apply(this, args)
    } catch (error) {
      throw asBesunnyError(error, operation)
    }
  }
}

/** A synchronous method that throws a `BesunnyError` at worst. */
function throwing(operation, method) {
  return function (...args) {
    try {
      return method.apply(this, args)
    } catch (error) {
      throw asBesunnyError(error, operation)
    }
  }
}

function cancelled(operation, what, cause) {
  return new BesunnyError({ code: 'cancelled', operation, message: `${operation}: ${what} (cancelled)`, cause })
}

function invalid(operation, what) {
  return new BesunnyError({ code: 'invalid_input', operation, message: `${operation}: ${what} (invalid_input)` })
}

function checkFunction(operation, name, value) {
  if (typeof value !== 'function') throw invalid(operation, `${name} is a function`)
}

/** The options without their `signal`, and the signal. */
function splitSignal(operation, given) {
  if (typeof (given ?? {}) !== 'object') throw invalid(operation, 'options are an object')
  const { signal, ...options } = given ?? {}
  if (signal != null && typeof signal.addEventListener !== 'function') {
    throw invalid(operation, 'signal is an AbortSignal')
  }
  return { signal, options }
}

/** Makes a call with a token that is raised when the signal is aborted. */
async function stoppable(native, signal, call) {
  const token = native.cancelToken()
  const stop = () => native.cancel(token)
  if (signal?.aborted) stop()
  signal?.addEventListener('abort', stop, { once: true })
  try {
    return await call(token, stop)
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}

module.exports = { cancelled, checkFunction, define, invalid, promising, splitSignal, stoppable, throwing }
