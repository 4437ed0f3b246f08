// Between the names and units of the cases and those of JavaScript.

export const camelCase = (name) => name.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase())
export const snakeCase = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
export const camelKeys = (object) =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [camelCase(key), value]))

/** Times of jobs: seconds in the cases, milliseconds in JavaScript. */
const TIMES = new Set(['by', 'age', 'delay', 'timeout', 'lease', 'grace'])
/** Arguments that are jobs themselves. */
const JOBS = new Set(['job', 'on_complete'])

/** The arguments of a call about jobs with its times in milliseconds. */
export function inMilliseconds(args) {
  return Object.fromEntries(Object.entries(args).map(([key, value]) => [key, milliseconds(key, value)]))
}

function milliseconds(key, value) {
  if (TIMES.has(key)) return value * 1000
  if (JOBS.has(key)) return newJob(value)
  return key === 'jobs' ? value.map(newJob) : value
}

/** A job to hand over, from a case. */
export const newJob = (job) => camelKeys(inMilliseconds(job))

/** A value of a result, with a time of a job in seconds. */
export const inSeconds = (key, value) => (TIMES.has(key) && typeof value === 'number' ? value / 1000 : value)
