"""Jobs: work that is stored before it is done."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator, Sequence

from .. import _besunny
from .._host import Host
from .._job_handlers import F, JobHandler
from .._types import Batch, Enqueued, Job, KindStats, NewJob, Page, Schedule, WorkReport
from .._vocabulary import BatchRef, JobRef, JobState, Json, Moment, Span
from ._working import working


class Jobs:
    """A user's jobs, ``me.jobs``, or the workspace's, ``ws.jobs``, which sees those of all
    users too and runs them."""

    __slots__ = ("_native",)

    def __init__(self, native: _besunny.Jobs) -> None:
        self._native = native

    def handler(self, kind: str) -> Callable[[F], F]:
        """Says who does jobs of a kind, in this process, from now on: a decorator.

        A sync function runs on a thread of its own and is given a
        :class:`besunny.JobContext`; an async one runs on an event loop and is given a
        :class:`besunny.aio.JobContext`. When it returns, the job has succeeded. When it
        raises, it is tried again later, as long as it has attempts left; :class:`JobFailure`
        says whether it is, and so does a :class:`Error`.

        >>> @ws.jobs.handler("report")
        ... def report(job: besunny.JobContext) -> None:
        ...     print("the report of", job.payload["month"])
        >>> job = ws.jobs.enqueue("report", {"month": "March"})
        >>> ws.jobs.work(until_idle=True).succeeded
        the report of March
        1
        """

        def register(function: F) -> F:
            self._native.handler(kind, JobHandler(function))
            return function

        return register

    def enqueue(
        self,
        kind: str,
        payload: Json = None,
        *,
        priority: int = 0,
        run_at: Moment | None = None,
        delay: Span | None = None,
        unique_key: str | None = None,
        max_attempts: int = 10,
        timeout: Span | None = None,
        concurrency_key: str | None = None,
        concurrency_limit: int = 1,
    ) -> Enqueued:
        """Enqueues a job of a kind, with a payload that its handler knows the form of.

        Jobs of higher ``priority`` go first. It does not run before ``run_at``, nor before
        ``delay`` has passed after that, or after now. While an unfinished job of the same
        owner and kind has the same ``unique_key``, this does nothing and gives that job. It
        is tried ``max_attempts`` times at most, and each attempt may take ``timeout``. Of
        the owner's jobs of this kind with the same ``concurrency_key``, at most
        ``concurrency_limit`` run at once. Time spans are a ``timedelta`` or seconds.

        >>> job = ws.jobs.enqueue("report", {"month": "March"}, unique_key="March")
        >>> ws.jobs.enqueue("report", {"month": "March"}, unique_key="March").is_new
        False
        """
        job = NewJob(
            kind,
            payload,
            priority=priority,
            run_at=run_at,
            delay=delay,
            unique_key=unique_key,
            max_attempts=max_attempts,
            timeout=timeout,
            concurrency_key=concurrency_key,
            concurrency_limit=concurrency_limit,
        )
        return self._native.enqueue(job._fields()).wait()

    def enqueue_many(self, jobs: Sequence[NewJob]) -> builtins.list[Enqueued]:
        """Enqueues jobs in one transaction, all or none of them.

        >>> pages = [besunny.NewJob("scan", page) for page in range(3)]
        >>> [job.is_new for job in ws.jobs.enqueue_many(pages)]
        [True, True, True]
        """
        return self._native.enqueue_many([job._fields() for job in jobs]).wait()

    def enqueue_batch(self, jobs: Sequence[NewJob], on_complete: NewJob | None = None) -> Batch:
        """Enqueues jobs that belong together; when all of them have ended, however they
        ended, ``on_complete`` is enqueued, once.

        >>> pages = [besunny.NewJob("scan", page) for page in range(3)]
        >>> ws.jobs.enqueue_batch(pages, on_complete=besunny.NewJob("bind")).pending
        3
        """
        last = None if on_complete is None else on_complete._fields()
        return self._native.enqueue_batch([job._fields() for job in jobs], last).wait()

    def batch(self, batch_id: BatchRef) -> Batch:
        """One batch, as it stands now.

        >>> batch = ws.jobs.enqueue_batch([besunny.NewJob("scan")])
        >>> ws.jobs.batch(batch).completed_at is None
        True
        """
        return self._native.batch(batch_id).wait()

    def get(self, job_id: JobRef) -> Job:
        """One job.

        >>> ws.jobs.get(ws.jobs.enqueue("scan")).state
        'ready'
        """
        return self._native.get(job_id).wait()

    def list(
        self,
        *,
        kind: str | None = None,
        state: JobState | None = None,
        batch: BatchRef | None = None,
        size: int = 100,
        after: str | None = None,
    ) -> Page[Job]:
        """A page of the jobs that pass the filter, latest enqueued first.

        >>> jobs = ws.jobs.enqueue_many([besunny.NewJob("scan", page) for page in range(3)])
        >>> page = ws.jobs.list(state="ready", size=2)
        >>> [job.payload for job in page]
        [2, 1]
        >>> [job.payload for job in ws.jobs.list(size=2, after=page.next)]
        [0]
        """
        wanted = {"kind": kind, "state": state, "batch": batch}
        return self._native.list(wanted, size, after).wait()

    def iterate(
        self,
        *,
        kind: str | None = None,
        state: JobState | None = None,
        batch: BatchRef | None = None,
        size: int = 100,
    ) -> Iterator[Job]:
        """All jobs that pass the filter, read ``size`` at a time.

        >>> jobs = ws.jobs.enqueue_many([besunny.NewJob("scan", page) for page in range(3)])
        >>> [job.payload for job in ws.jobs.iterate(kind="scan", size=2)]
        [2, 1, 0]
        """
        after: str | None = None
        while True:
            page = self.list(kind=kind, state=state, batch=batch, size=size, after=after)
            for job in page:
                yield job
            after = page.next
            if after is None:
                return

    def stats(self) -> builtins.list[KindStats]:
        """How many jobs of each kind are in each state, by kind.

        >>> job = ws.jobs.enqueue("scan")
        >>> [(kind.kind, kind.ready) for kind in ws.jobs.stats()]
        [('scan', 1)]
        """
        return self._native.stats().wait()

    def cancel(self, job_id: JobRef) -> JobState:
        """Calls a job off; the state it was in. One that waits is cancelled at once; the
        handler of one that runs is asked to stop, and what it did stays.

        >>> ws.jobs.cancel(ws.jobs.enqueue("scan"))
        'ready'
        """
        return self._native.cancel(job_id).wait()

    def requeue(self, job_id: JobRef) -> None:
        """Makes a dead or cancelled job due again, with all its attempts.

        >>> job = ws.jobs.enqueue("scan")
        >>> state = ws.jobs.cancel(job)
        >>> ws.jobs.requeue(job)
        >>> ws.jobs.get(job).state
        'ready'
        """
        self._native.requeue(job_id).wait()

    def prune(self, age: Span) -> int:
        """Removes jobs that were finished more than ``age`` ago; how many.

        >>> ws.jobs.prune(timedelta(days=30))
        0
        """
        return self._native.prune(age).wait()

    def schedule(self, name: str, cron: str, job: NewJob, *, zone: str = "UTC") -> Schedule:
        """Enqueues a job again and again; the same name again replaces the schedule.

        ``cron`` is minute, hour, day of month, month and day of week, or ``@daily`` and the
        like, as the clocks on the wall of the time zone show it: ``zone`` is an IANA name. A
        time that the clocks skip happens when they have skipped; one that they show twice
        happens the first time. However many processes work, each occurrence is enqueued
        once.

        >>> report = besunny.NewJob("report", {"of": "yesterday"})
        >>> ws.jobs.schedule("daily", "30 7 * * *", report, zone="Europe/Lisbon").job.kind
        'report'
        """
        return self._native.schedule(name, cron, zone, job._fields()).wait()

    def unschedule(self, name: str) -> None:
        """Drops a schedule; what it has enqueued stays.

        >>> daily = ws.jobs.schedule("daily", "@daily", besunny.NewJob("report"))
        >>> ws.jobs.unschedule("daily")
        """
        self._native.unschedule(name).wait()

    def schedules(self) -> builtins.list[Schedule]:
        """All schedules, by name.

        >>> daily = ws.jobs.schedule("daily", "@daily", besunny.NewJob("report"))
        >>> [schedule.name for schedule in ws.jobs.schedules()]
        ['daily']
        """
        return self._native.schedules().wait()

    def work(
        self,
        *,
        concurrency: int = 4,
        until_idle: bool = False,
        lease: Span = 30.0,
        grace: Span = 20.0,
        keep_finished: Span | None = 7 * 24 * 3600.0,
        stop: _besunny.CancelToken | None = None,
    ) -> WorkReport:
        """Runs jobs of the kinds that have handlers here, and keeps schedules going, until it
        is asked to stop: by ``stop``, by Ctrl-C or the cancelling of its task, or because
        the workspace closes. Then it lets what runs finish for ``grace``, and hands back
        the rest.

        ``concurrency`` jobs run at once. With ``until_idle`` it ends by itself when nothing
        is due. A job whose process was killed runs again after ``lease`` at the latest.
        Finished jobs are removed after ``keep_finished``; with ``None``, never.

        >>> ws.jobs.work(until_idle=True).handed_back
        0
        """
        options = {
            "concurrency": concurrency,
            "until_idle": until_idle,
            "lease": lease,
            "grace": grace,
            "keep_finished": keep_finished,
        }
        token = _besunny.CancelToken() if stop is None else stop

        def begin(host: Host) -> _besunny.Call[WorkReport]:
            return self._native.work(host, options, token)

        return working(begin, token)

    def run_due(self) -> int:
        """For tests: runs what is due, here and now, one job after the other, until nothing
        is; how many attempts that were.

        >>> ws.jobs.run_due()
        0
        """
        return working(self._native.run_due)

    def advance(self, clock: _besunny.VirtualClock, by: Span) -> int:
        """For tests, with a workspace that was opened with ``clock``: moves the clock on and
        runs what falls due on the way, at its time; how many attempts that were.

        >>> clock = besunny.VirtualClock("2026-03-28T12:00:00Z")
        >>> with besunny.Workspace.open(folder / "then", model=False, clock=clock) as ws:
        ...     report = ws.jobs.handler("report")(lambda job: print(job.job.run_at))
        ...     daily = besunny.NewJob("report")
        ...     schedule = ws.jobs.schedule("daily", "30 1 * * *", daily, zone="Europe/Lisbon")
        ...     ws.jobs.advance(clock, timedelta(days=2))
        2026-03-29 01:00:00+00:00
        2026-03-30 00:30:00+00:00
        2
        """

        def begin(host: Host) -> _besunny.Call[int]:
            return self._native.advance(host, clock, by)

        return working(begin)
