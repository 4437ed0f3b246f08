"""The same with procrastinate: `python peer.py URL JOBS CONCURRENCY`."""

import asyncio
import sys
import time

import procrastinate

url, jobs, concurrency = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url, max_size=concurrency + 2))
picked: asyncio.Queue[float] = asyncio.Queue()


@app.task(name="noop")
async def noop() -> None:
    pass


@app.task(name="timed")
async def timed() -> None:
    picked.put_nowait(time.perf_counter())


async def main() -> None:
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        started = time.perf_counter()
        for first in range(0, jobs, 1000):
            await noop.batch_defer_async(*({} for _ in range(min(1000, jobs - first))))
        enqueued = time.perf_counter() - started
        started = time.perf_counter()
        await app.run_worker_async(concurrency=concurrency, wait=False, install_signal_handlers=False)
        worked = time.perf_counter() - started
        print(
            f"procrastinate: {jobs} jobs: enqueued {jobs / enqueued:.0f}/s, run {jobs / worked:.0f}/s "
            f"(concurrency {concurrency}, one process)"
        )
        worker = asyncio.create_task(
            app.run_worker_async(concurrency=concurrency, install_signal_handlers=False)
        )
        await asyncio.sleep(0.5)
        times = []
        for _ in range(500):
            before = time.perf_counter()
            await timed.defer_async()
            times.append(await picked.get() - before)
            await asyncio.sleep(0.01)
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
        times.sort()
        median, most = (times[(len(times) - 1) * part // 100] * 1000 for part in (50, 99))
        print(f"procrastinate: picked up after {median:.2f} ms (median), {most:.2f} ms (99 of 100)")


asyncio.run(main())
