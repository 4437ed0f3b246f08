//! The worker's loop. Jobs that wait for something wait for the test, not for time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::fixtures::{Does, Effects, Fixture, START, enqueue};
use crate::base::{Scope, Timestamp};
use crate::domain::{Access, Claim, JobState, NewJob};
use crate::jobs::{Attempt, JobError, JobQueue, WorkOptions};

fn until_idle() -> WorkOptions {
    WorkOptions { until_idle: true, ..WorkOptions::default() }
}

fn new(kind: &str) -> NewJob {
    NewJob::new(kind, Value::Null)
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_enqueued_is_done_once() {
    let fixture = Fixture::new().await;
    let (queue, effects) = (fixture.queue(), Effects::default());
    let seen = effects.clone();
    let handler = Does(move |attempt: Attempt| {
        seen.add(&attempt.job);
        async { Ok(()) }
    });
    queue.register("count", Arc::new(handler)).expect("registers");
    let jobs = (0..3000).map(|_| new("count")).collect();
    queue.enqueue(&Scope::service(), jobs).await.expect("enqueues");
    let both = tokio::join!(Arc::clone(&queue).work(until_idle()), fixture.queue().work(until_idle()));
    let report = both.0.expect("works");
    assert_eq!((report.succeeded, effects.counts()), (3000, vec![1; 3000]));
}

#[tokio::test(flavor = "multi_thread")]
async fn panics_errors_and_timeouts_are_failures_of_that_job_only() {
    let fixture = Fixture::new().await;
    let queue = fixture.queue();
    let handler = Does(|attempt: Attempt| async move {
        match attempt.job.payload.as_str() {
            Some("panic") => panic!("on purpose"),
            Some("hang") => std::future::pending().await,
            Some("retry") => Err(JobError::retry("later")),
            Some("permanent") => Err(JobError::permanent("never")),
            _ => Ok(()),
        }
    });
    queue.register("odd", Arc::new(handler)).expect("registers");
    let mut ids = Vec::new();
    for how in ["panic", "hang", "retry", "permanent", "fine"] {
        let timeout = (how == "hang").then_some(Duration::from_millis(20));
        ids.push(enqueue(&queue, NewJob { timeout, ..NewJob::new("odd", json!(how)) }).await);
    }
    // The clock stands still: what is to be tried again waits.
    Arc::clone(&queue).work(until_idle()).await.expect("works");
    let mut found = Vec::new();
    for id in ids {
        let job = fixture.job(id).await;
        found.push((job.state, job.failure.map(|failure| failure.code)));
    }
    let code = |code: &str| Some(code.to_owned());
    assert_eq!(
        found,
        [
            (JobState::Failed, code("panic")),
            (JobState::Failed, code("timeout")),
            (JobState::Failed, code("handler")),
            (JobState::Dead, code("handler")),
            (JobState::Succeeded, None),
        ]
    );
}

#[tokio::test]
async fn attempts_back_off_until_they_are_used_up() {
    let fixture = Fixture::new().await;
    let (queue, effects) = (fixture.queue(), Effects::default());
    let seen = effects.clone();
    let handler = Does(move |attempt: Attempt| {
        seen.add(&attempt.job);
        async { Err(JobError::retry("no")) }
    });
    queue.register("bad", Arc::new(handler)).expect("registers");
    let id = enqueue(&queue, NewJob { max_attempts: 5, ..new("bad") }).await;
    let attempts = queue.advance(&fixture.clock, Duration::from_secs(3600)).await.expect("advances");
    let dead = fixture.job(id).await;
    assert_eq!((attempts, effects.counts(), dead.state), (5, vec![5], JobState::Dead));
    // Four waits of at most 10, 20, 40 and 80 seconds.
    let ended = dead.finished_at.expect("finished");
    assert!(ended > START && ended <= START.after(Duration::from_secs(150)), "{ended}");
}

#[tokio::test]
async fn a_batch_ends_with_its_completion_job() {
    let fixture = Fixture::new().await;
    let (queue, effects, after) = (fixture.queue(), Effects::default(), Effects::default());
    let (parts, last) = (effects.clone(), after.clone());
    let count = |effects: Effects| {
        Arc::new(Does(move |attempt: Attempt| {
            effects.add(&attempt.job);
            async { Ok(()) }
        }))
    };
    queue.register("part", count(parts)).expect("registers");
    queue.register("last", count(last)).expect("registers");
    let scope = Scope::service();
    let parts = (0..5).map(|_| new("part")).collect();
    queue.enqueue_batch(&scope, parts, Some(new("last"))).await.expect("enqueues");
    queue.enqueue_batch(&scope, Vec::new(), Some(new("last"))).await.expect("an empty one ends at once");
    assert_eq!(queue.run_due().await.expect("runs"), 7);
    assert_eq!((effects.counts(), after.counts()), (vec![1; 5], vec![1; 2]));
}

/// A handler that says when it has begun, and ends when it is let go.
fn gated(queue: &JobQueue) -> (Arc<Semaphore>, Arc<Semaphore>) {
    let (begun, go) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let gates = (Arc::clone(&begun), Arc::clone(&go));
    let handler = Does(move |_| {
        let (begun, go) = gates.clone();
        async move {
            begun.add_permits(1);
            go.acquire().await.expect("open").forget();
            Ok(())
        }
    });
    queue.register("gated", Arc::new(handler)).expect("registers");
    (begun, go)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_ends_hands_back_what_it_cannot_finish() {
    let fixture = Fixture::new().await;
    let queue = fixture.queue();
    let (begun, _go) = gated(&queue);
    let id = enqueue(&queue, new("gated")).await;
    let options = WorkOptions { grace: Duration::from_millis(20), ..WorkOptions::default() };
    let stop = options.stop.clone();
    let working = tokio::spawn(Arc::clone(&queue).work(options));
    begun.acquire().await.expect("open").forget();
    stop.cancel();
    let report = working.await.expect("joins").expect("works");
    let job = fixture.job(id).await;
    assert_eq!((report.handed_back, job.state, job.attempt), (1, JobState::Ready, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_ends_waits_for_what_it_can_finish() {
    let fixture = Fixture::new().await;
    let queue = fixture.queue();
    let (begun, go) = gated(&queue);
    let id = enqueue(&queue, new("gated")).await;
    let working = tokio::spawn(Arc::clone(&queue).work(WorkOptions::default()));
    begun.acquire().await.expect("open").forget();
    let closing = tokio::spawn({
        let queue = Arc::clone(&queue);
        async move { queue.close().await }
    });
    go.add_permits(1);
    closing.await.expect("closes");
    assert_eq!(working.await.expect("joins").expect("works").succeeded, 1);
    assert_eq!(fixture.job(id).await.state, JobState::Succeeded);
    assert!(queue.work(WorkOptions::default()).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_job_is_called_off_from_here_and_from_elsewhere() {
    let fixture = Fixture::new().await;
    let (queue, elsewhere) = (fixture.queue(), fixture.queue());
    let begun = Arc::new(Semaphore::new(0));
    let gate = Arc::clone(&begun);
    let handler = Does(move |attempt: Attempt| {
        gate.add_permits(1);
        async move {
            while !attempt.cancel.is_cancelled() {
                tokio::task::yield_now().await;
            }
            Err(JobError::retry("stopped"))
        }
    });
    queue.register("long", Arc::new(handler)).expect("registers");
    for by in [&queue, &elsewhere] {
        let id = enqueue(&queue, new("long")).await;
        let working = tokio::spawn(Arc::clone(&queue).work(until_idle()));
        begun.acquire().await.expect("open").forget();
        by.cancel(&Scope::service(), id).await.expect("cancels");
        assert_eq!(working.await.expect("joins").expect("works").cancelled, 1);
        assert_eq!(fixture.job(id).await.state, JobState::Cancelled);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn orphans_of_a_worker_that_is_gone_are_done() {
    let fixture = Fixture::new().await;
    let (queue, effects) = (fixture.queue(), Effects::default());
    let seen = effects.clone();
    let handler = Does(move |attempt: Attempt| {
        seen.add(&attempt.job);
        async { Ok(()) }
    });
    queue.register("count", Arc::new(handler)).expect("registers");
    let id = enqueue(&queue, new("count")).await;
    let lease = queue.lease(START);
    let until = START.after(Duration::from_secs(30));
    let claim = Claim { kinds: &["count".to_owned()], limit: 1, lease, until, now: START };
    let mut write = fixture.store.begin(&Scope::service(), Access::Write).await.expect("begins");
    assert_eq!(write.claim_jobs(&claim).await.expect("claims").len(), 1);
    write.commit().await.expect("commits");
    fixture.clock.set(until.after(Duration::from_secs(1)));
    let working = tokio::spawn(Arc::clone(&queue).work(WorkOptions::default()));
    while fixture.job(id).await.state != JobState::Succeeded {
        tokio::task::yield_now().await;
    }
    queue.close().await;
    working.await.expect("joins").expect("works");
    assert_eq!((effects.counts(), fixture.job(id).await.attempt), (vec![1], 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_outlives_itself_while_its_worker_lives_and_progress_is_written_down() {
    let fixture = Fixture::new().await;
    let queue = fixture.queue();
    let go = Arc::new(Semaphore::new(0));
    let gate = Arc::clone(&go);
    let handler = Does(move |attempt: Attempt| {
        let gate = Arc::clone(&gate);
        async move {
            attempt.progress.set(crate::domain::JobProgress { fraction: 0.25, message: None });
            gate.acquire().await.expect("open").forget();
            Ok(())
        }
    });
    queue.register("long", Arc::new(handler)).expect("registers");
    let id = enqueue(&queue, new("long")).await;
    let options = WorkOptions { lease: Duration::from_millis(300), ..WorkOptions::default() };
    let working = tokio::spawn(Arc::clone(&queue).work(options));
    while fixture.job(id).await.progress.is_none() {
        tokio::task::yield_now().await;
    }
    // The clock goes on by less than a lease at a time, and each time the lease follows.
    for step in 1..=5_u64 {
        let now: Timestamp = START.after(Duration::from_millis(200 * step));
        fixture.clock.set(now);
        tokio::time::sleep(Duration::from_millis(250)).await;
        assert_eq!(fixture.job(id).await.attempt, 1);
    }
    go.add_permits(1);
    queue.close().await;
    assert_eq!(working.await.expect("joins").expect("works").succeeded, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_run_at_once_than_asked_for() {
    let fixture = Fixture::new().await;
    let queue = fixture.queue();
    let (now, most) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let counters = (Arc::clone(&now), Arc::clone(&most));
    let handler = Does(move |_| {
        let (now, most) = counters.clone();
        async move {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            now.fetch_sub(1, Ordering::SeqCst);
            Ok(())
        }
    });
    queue.register("count", Arc::new(handler)).expect("registers");
    let jobs = (0..300).map(|_| new("count")).collect();
    queue.enqueue(&Scope::service(), jobs).await.expect("enqueues");
    let options = WorkOptions { concurrency: 3, ..until_idle() };
    assert_eq!(queue.work(options).await.expect("works").succeeded, 300);
    assert!(most.load(Ordering::SeqCst) <= 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_short_job_said_last_of_its_progress_is_kept() {
    let fixture = Fixture::new().await;
    let queue = fixture.queue();
    let handler = Does(|attempt: Attempt| async move {
        attempt.progress.set(crate::domain::JobProgress { fraction: 1.0, message: Some("noted".into()) });
        if attempt.job.payload.is_null() { Ok(()) } else { Err(JobError::permanent("never")) }
    });
    queue.register("short", Arc::new(handler)).expect("registers");
    for payload in [Value::Null, json!("fails")] {
        let id = enqueue(&queue, NewJob::new("short", payload)).await;
        Arc::clone(&queue).work(until_idle()).await.expect("works");
        let progress = fixture.job(id).await.progress.expect("some progress");
        assert_eq!((progress.fraction, progress.message.as_deref()), (1.0, Some("noted")));
    }
}
