// The same with graphile-worker: `node peer.mjs URL JOBS CONCURRENCY [AHEAD]`, where
// graphile-worker and pg are installed. AHEAD is how many jobs it fetches at once, 500 if not
// said; 0 leaves it as it comes out of the box.
import { Logger, makeWorkerUtils, run } from "graphile-worker";
import pg from "pg";

const [, , connectionString, jobs = "100000", concurrency = "16", ahead = "500"] = process.argv;
const wanted = Number(jobs);
// A line for each job would cost it more than the job does.
const logger = new Logger(() => () => {});
const utils = await makeWorkerUtils({ connectionString, logger });
await utils.migrate();

const client = new pg.Client({ connectionString });
await client.connect();
let started = performance.now();
for (let first = 0; first < wanted; first += 1000) {
  const count = Math.min(1000, wanted - first);
  await client.query(
    `SELECT count(*) FROM (SELECT graphile_worker.add_job('noop', '{}') FROM generate_series(1, $1::int)) AS added`,
    [count],
  );
}
const enqueued = performance.now() - started;

let done = 0;
let begun;
let finish;
const all = new Promise((resolve) => (finish = resolve));
const taskList = {
  noop: async () => {
    done += 1;
    if (done === wanted) finish();
  },
  timed: async () => begun(performance.now()),
};
const options = {
  connectionString,
  logger,
  taskList,
  concurrency: Number(concurrency),
  noHandleSignals: true,
  preset: {
    worker: {
      pollInterval: 1000,
      maxPoolSize: Number(concurrency) + 2,
      // Jobs fetched and completed many at once, as its documentation has it.
      ...(Number(ahead) > 0 && {
        localQueue: { size: Number(ahead), refetchDelay: { durationMs: 0 } },
        completeJobBatchDelay: 0,
        failJobBatchDelay: 0,
      }),
    },
  },
};
started = performance.now();
let runner = await run(options);
await all;
const worked = performance.now() - started;
await runner.stop();
console.log(
  `graphile-worker: ${wanted} jobs: enqueued ${Math.round(wanted / (enqueued / 1000))}/s, ` +
    `run ${Math.round(wanted / (worked / 1000))}/s (concurrency ${concurrency}, ${ahead} ahead, one process)`,
);

// Without fetching ahead, which waits for more.
runner = await run({ ...options, preset: { worker: { pollInterval: 1000 } } });
const times = [];
for (let count = 0; count < 500; count += 1) {
  const picked = new Promise((resolve) => (begun = resolve));
  const before = performance.now();
  await client.query(`SELECT graphile_worker.add_job('timed', '{}')`);
  times.push((await picked) - before);
  await new Promise((resolve) => setTimeout(resolve, 10));
}
times.sort((a, b) => a - b);
const at = (part) => times[Math.floor(((times.length - 1) * part) / 100)].toFixed(2);
console.log(`graphile-worker: picked up after ${at(50)} ms (median), ${at(99)} ms (99 of 100)`);
await runner.stop();
await client.end();
await utils.release();
