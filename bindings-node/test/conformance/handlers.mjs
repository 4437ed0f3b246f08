// The handlers of jobs that cases ask for. Plain and async functions take turns.

import { JobFailure } from '../../index.mjs'
import { newJob } from './names.mjs'

const own = (job) => (job.user ?? job.workspace).jobs

const WORDS = {
  succeed() {},
  fail() {
    throw new JobFailure('no')
  },
  fail_for_good() {
    throw new JobFailure('no', { retry: false })
  },
  look_up_nobody: (job) => job.workspace.user('nobody').user(),
  async cancel_itself(job) {
    await own(job).cancel(job.id)
    throw new JobFailure('called off')
  },
  store(job) {
    if (job.user === null) throw new JobFailure('nobody to store it for', { retry: false })
    return job.user.documents.ingest(job.payload)
  },
}

const PHRASES = {
  fail_times: (times) => (job) => {
    if (job.attempt <= times) throw new JobFailure('not yet')
  },
  progress: ([fraction, message]) => (job) => job.progress(fraction, message),
  enqueue: (next) => (job) => own(job).enqueue(newJob(next)),
}

function doing(does) {
  if (typeof does === 'string' && does in WORDS) return WORDS[does]
  const [[phrase, value]] = Object.entries(does)
  if (!(phrase in PHRASES)) throw new TypeError(`no handler does ${JSON.stringify(does)}`)
  return PHRASES[phrase](value)
}

export class Handlers {
  #ran = []
  #made = 0

  /** What they were given since it was last asked. */
  ran() {
    return this.#ran.splice(0)
  }

  which(does) {
    const act = doing(does)
    const handle = (job) => {
      this.#ran.push({ kind: job.kind, payload: job.payload, attempt: job.attempt, user: job.user?.username ?? null })
      return act(job)
    }
    return this.#made++ % 2 === 0 ? handle : async (job) => handle(job)
  }
}
