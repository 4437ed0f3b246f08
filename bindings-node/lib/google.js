'use strict'

// Google: what comes from web servers and browsers in the forms that JavaScript has for it, and
// a sync that a signal stops.

const { invalid, promising, splitSignal, stoppable } = require('./calls.js')

const isObject = (value) => typeof value === 'object' && value !== null

/** Names and values of headers by turns, from a `Headers`, pairs, or an object. */
function flatHeaders(operation, headers) {
  if (!isObject(headers)) throw invalid(operation, 'headers are a Headers, an object, or a list of pairs')
  const pairs = Symbol.iterator in headers ? [...headers] : Object.entries(headers)
  const flat = []
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2) throw invalid(operation, 'a header is a name and a value')
    const [name, given] = pair
    for (const value of Array.isArray(given) ? given : [given]) {
      if (value !== undefined && value !== null) flat.push(String(name), String(value))
    }
  }
  return flat
}

/** The method that takes a notification. */
function notifying(operation, method) {
  return promising(operation, function (headers, body) {
    return method.call(this, flatHeaders(operation, headers), body ?? '')
  })
}

function callbackFields(operation, callback) {
  if (typeof callback === 'string') return { query: callback }
  if (callback instanceof URL) return { query: callback.search }
  if (callback instanceof URLSearchParams) return { query: callback.toString() }
  if (!isObject(callback)) throw invalid(operation, 'a callback is the query of an address, or its `state` and `code`')
  const { state, code, error } = callback
  return { state, code, error }
}

/** The method that takes up what a browser came back with. */
function finishing(operation, method) {
  return promising(operation, function (callback, options) {
    if (typeof (options ?? {}) !== 'object') throw invalid(operation, 'options are an object')
    const { query, state, code, error } = callbackFields(operation, callback)
    return method.call(this, query, state, code, error, options?.session)
  })
}

/** The method that brings the workspace's own mailboxes level, with `{ signal }`. */
function syncing(native, operation, method) {
  return promising(operation, function (given) {
    const { signal } = splitSignal(operation, given)
    return stoppable(native, signal, (token) => method.call(this, token))
  })
}

/** The method that brings a user's accounts level, with `{ signal }` among its options. */
function syncingUser(native, operation, method) {
  return promising(operation, function (given) {
    const { signal, options } = splitSignal(operation, given)
    return stoppable(native, signal, (token) => method.call(this, options, token))
  })
}

module.exports = { finishing, notifying, syncing, syncingUser }
