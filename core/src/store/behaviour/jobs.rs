use serde_json::json;

use super::fixtures::{NOW, read, user, write};
use super::job_fixtures::{claim, enqueue, finish, job, numbers, seconds, stored};
use crate::base::{BatchId, ErrorKind, JobId, Scope};
use crate::domain::{Batch, JobEnd, JobFailure, JobFilter, JobState, NewJob, PageRequest, Store};

pub(crate) async fn jobs_come_back_as_enqueued(store: &dyn Store) {
    let ana = user(store, 1).await;
    let plain = job(1, &ana, |_| ());
    let full = job(2, &ana, |new| {
        new.priority = -7;
        new.run_at = Some(seconds(60));
        new.unique_key = Some("key".into());
        new.max_attempts = 3;
        new.timeout = Some(std::time::Duration::from_millis(1500));
        new.concurrency_key = Some("shared".into());
        new.concurrency_limit = 2;
    });
    let enqueued = enqueue(store, &ana, &[plain.clone(), full.clone()]).await;
    assert_eq!(
        enqueued.iter().map(|it| (it.id, it.is_new)).collect::<Vec<_>>(),
        [(plain.id, true), (full.id, true)]
    );
    let mut read = read(store, &ana).await;
    assert_eq!(read.job(plain.id).await.unwrap(), Some(plain));
    assert_eq!(read.job(full.id).await.unwrap(), Some(full));
}

pub(crate) async fn jobs_of_others_do_not_exist(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    let hers = job(1, &ana, |_| ());
    enqueue(store, &ana, std::slice::from_ref(&hers)).await;
    let mut write = write(store, &joao).await;
    assert_eq!(write.job(hers.id).await.unwrap(), None);
    assert!(write.jobs(&JobFilter::default(), &PageRequest::default()).await.unwrap().items.is_empty());
    assert!(write.job_stats().await.unwrap().is_empty());
    assert_eq!(write.cancel_job(hers.id, NOW).await.unwrap().0, None);
    assert_eq!(write.requeue_job(hers.id, NOW).await.unwrap(), None);
    drop(write);
    assert_eq!(stored(store, 1).await, hers);
}

pub(crate) async fn the_service_sees_the_jobs_of_all(store: &dyn Store) {
    let (ana, service) = (user(store, 1).await, Scope::service());
    enqueue(store, &ana, &[job(1, &ana, |_| ())]).await;
    enqueue(store, &service, &[job(2, &service, |_| ())]).await;
    let mut read = read(store, &service).await;
    let all = read.jobs(&JobFilter::default(), &PageRequest::default()).await.unwrap().items;
    assert_eq!(numbers(&all), [2, 1]);
    assert_eq!(read.job_stats().await.unwrap()[0].ready, 2);
}

pub(crate) async fn a_user_enqueues_for_nobody_else(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    let mut write = write(store, &ana).await;
    let refused = write.enqueue(&[job(1, &joao, |_| ())]).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Forbidden);
    let batch = Batch::new(BatchId::from_bytes([1; 16]), joao.tenant(), 1, None, NOW);
    assert_eq!(write.insert_batch(&batch).await.unwrap_err().kind(), ErrorKind::Forbidden);
}

pub(crate) async fn what_is_not_committed_is_not_enqueued(store: &dyn Store) {
    let ana = user(store, 1).await;
    let mut dropped = write(store, &ana).await;
    dropped.enqueue(&[job(1, &ana, |_| ())]).await.unwrap();
    drop(dropped);
    assert_eq!(read(store, &ana).await.job(JobId::from_bytes([1; 16])).await.unwrap(), None);
}

pub(crate) async fn a_taken_unique_key_gives_the_old_job(store: &dyn Store) {
    let ana = user(store, 1).await;
    let keyed = |number| job(number, &ana, |new| new.unique_key = Some("once".into()));
    let first = enqueue(store, &ana, &[keyed(1), keyed(2)]).await;
    assert_eq!((first[0].is_new, first[1].is_new, first[1].id), (true, false, first[0].id));
    let running = claim(store, 9, 5, NOW).await;
    assert_eq!(running.len(), 1);
    let again = enqueue(store, &ana, &[keyed(3)]).await;
    assert_eq!((again[0].is_new, again[0].id), (false, first[0].id));
}

pub(crate) async fn a_unique_key_is_free_again_when_its_job_is_finished(store: &dyn Store) {
    let ana = user(store, 1).await;
    let keyed = |number| job(number, &ana, |new| new.unique_key = Some("once".into()));
    enqueue(store, &ana, &[keyed(1)]).await;
    let running = claim(store, 9, 5, NOW).await;
    finish(store, 9, &running, JobEnd::Succeeded, NOW).await;
    assert!(enqueue(store, &ana, &[keyed(2)]).await[0].is_new);
}

pub(crate) async fn unique_keys_are_apart_by_owner_and_kind(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    let keyed = |number, scope: &Scope, kind: &str| {
        job(number, scope, |new| (new.unique_key, new.kind) = (Some("once".into()), kind.into()))
    };
    let hers = enqueue(store, &ana, &[keyed(1, &ana, "work"), keyed(2, &ana, "other")]).await;
    let his = enqueue(store, &joao, &[keyed(3, &joao, "work")]).await;
    assert!(hers.iter().chain(&his).all(|enqueued| enqueued.is_new));
}

pub(crate) async fn lists_filter_and_page(store: &dyn Store) {
    let ana = user(store, 1).await;
    let jobs = (1..=5)
        .map(|number| job(number, &ana, |new| new.kind = if number == 5 { "other" } else { "work" }.into()));
    enqueue(store, &ana, &jobs.collect::<Vec<_>>()).await;
    claim(store, 9, 1, NOW).await;
    let mut read = read(store, &ana).await;
    let ready = JobFilter { kind: Some("work".into()), state: Some(JobState::Ready), batch: None };
    let first = read.jobs(&ready, &PageRequest { size: 2, after: None }).await.unwrap();
    assert_eq!(numbers(&first.items), [4, 3]);
    let second = read.jobs(&ready, &PageRequest { size: 2, after: first.next }).await.unwrap();
    assert_eq!((numbers(&second.items), second.next), (vec![2], None));
    let bad = PageRequest { size: 2, after: Some("x".into()) };
    assert_eq!(read.jobs(&ready, &bad).await.unwrap_err().kind(), ErrorKind::InvalidInput);
}

pub(crate) async fn statistics_count_by_kind_and_state(store: &dyn Store) {
    let ana = user(store, 1).await;
    let jobs = [
        job(1, &ana, |_| ()),
        job(2, &ana, |new| new.kind = "a".into()),
        job(3, &ana, |new| new.run_at = Some(seconds(5))),
        job(4, &ana, |_| ()),
    ];
    enqueue(store, &ana, &jobs).await;
    claim(store, 9, 1, NOW).await;
    let stats = read(store, &ana).await.job_stats().await.unwrap();
    assert_eq!(stats.iter().map(|of| of.kind.as_str()).collect::<Vec<_>>(), ["a", "work"]);
    assert_eq!((stats[0].ready, stats[0].running), (1, 0));
    assert_eq!((stats[1].ready, stats[1].running, stats[1].scheduled), (1, 1, 1));
    assert_eq!(stats[1].oldest_ready, Some(NOW));
}

pub(crate) async fn a_waiting_job_is_cancelled_at_once(store: &dyn Store) {
    let ana = user(store, 1).await;
    enqueue(store, &ana, &[job(1, &ana, |_| ()), job(2, &ana, |new| new.run_at = Some(seconds(9)))]).await;
    for (number, state) in [(1, JobState::Ready), (2, JobState::Scheduled)] {
        let mut cancel = write(store, &ana).await;
        let (earlier, _) = cancel.cancel_job(JobId::from_bytes([number; 16]), NOW).await.unwrap();
        cancel.commit().await.unwrap();
        assert_eq!(earlier, Some(state));
        let cancelled = stored(store, number).await;
        assert_eq!((cancelled.state, cancelled.finished_at), (JobState::Cancelled, Some(NOW)));
    }
    assert!(claim(store, 9, 5, seconds(20)).await.is_empty());
}

pub(crate) async fn a_running_job_is_asked_to_stop(store: &dyn Store) {
    let ana = user(store, 1).await;
    enqueue(store, &ana, &[job(1, &ana, |_| ())]).await;
    let running = claim(store, 9, 5, NOW).await;
    let mut cancel = write(store, &ana).await;
    assert_eq!(cancel.cancel_job(running[0].id, NOW).await.unwrap().0, Some(JobState::Running));
    cancel.commit().await.unwrap();
    let asked = stored(store, 1).await;
    assert_eq!((asked.state, asked.cancel_requested), (JobState::Running, true));
    finish(store, 9, &running, JobEnd::Cancelled, NOW).await;
    assert_eq!(stored(store, 1).await.state, JobState::Cancelled);
}

pub(crate) async fn a_finished_job_is_not_cancelled(store: &dyn Store) {
    let ana = user(store, 1).await;
    enqueue(store, &ana, &[job(1, &ana, |_| ())]).await;
    let running = claim(store, 9, 5, NOW).await;
    finish(store, 9, &running, JobEnd::Succeeded, NOW).await;
    let mut cancel = write(store, &ana).await;
    assert_eq!(cancel.cancel_job(running[0].id, NOW).await.unwrap().0, Some(JobState::Succeeded));
    cancel.commit().await.unwrap();
    assert_eq!(stored(store, 1).await.state, JobState::Succeeded);
}

pub(crate) async fn the_dead_are_requeued_with_all_their_attempts(store: &dyn Store) {
    let ana = user(store, 1).await;
    enqueue(store, &ana, &[job(1, &ana, |new| new.max_attempts = 1)]).await;
    let running = claim(store, 9, 5, NOW).await;
    let failure = JobFailure::new("handler", "it broke");
    finish(store, 9, &running, JobEnd::Dead(failure.clone()), NOW).await;
    let dead = stored(store, 1).await;
    assert_eq!((dead.state, dead.failure.as_ref(), dead.attempt), (JobState::Dead, Some(&failure), 1));
    let mut requeue = write(store, &ana).await;
    assert_eq!(requeue.requeue_job(dead.id, seconds(5)).await.unwrap(), Some(JobState::Dead));
    requeue.commit().await.unwrap();
    let ready = stored(store, 1).await;
    assert_eq!(
        (ready.state, ready.attempt, ready.run_at, ready.finished_at),
        (JobState::Ready, 0, seconds(5), None)
    );
    assert_eq!(claim(store, 8, 5, seconds(5)).await.len(), 1);
}

pub(crate) async fn only_the_dead_and_cancelled_are_requeued(store: &dyn Store) {
    let ana = user(store, 1).await;
    enqueue(store, &ana, &[job(1, &ana, |_| ()), job(2, &ana, |_| ())]).await;
    claim(store, 9, 1, NOW).await;
    let mut requeue = write(store, &ana).await;
    let (running, ready) = (JobId::from_bytes([1; 16]), JobId::from_bytes([2; 16]));
    assert_eq!(requeue.requeue_job(running, NOW).await.unwrap(), Some(JobState::Running));
    assert_eq!(requeue.requeue_job(ready, NOW).await.unwrap(), Some(JobState::Ready));
    requeue.cancel_job(ready, NOW).await.unwrap();
    assert_eq!(requeue.requeue_job(ready, NOW).await.unwrap(), Some(JobState::Cancelled));
    requeue.commit().await.unwrap();
    assert_eq!(stored(store, 1).await.state, JobState::Running);
    assert_eq!(stored(store, 2).await.state, JobState::Ready);
}

pub(crate) async fn requeueing_minds_the_unique_key(store: &dyn Store) {
    let ana = user(store, 1).await;
    let keyed = |number| job(number, &ana, |new| new.unique_key = Some("once".into()));
    enqueue(store, &ana, &[keyed(1)]).await;
    let running = claim(store, 9, 5, NOW).await;
    finish(store, 9, &running, JobEnd::Dead(JobFailure::new("handler", "no")), NOW).await;
    enqueue(store, &ana, &[keyed(2)]).await;
    let mut requeue = write(store, &ana).await;
    let refused = requeue.requeue_job(running[0].id, NOW).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::AlreadyExists);
}

/// Three jobs of one batch, claimed with lease 9.
async fn batch_of_three(store: &dyn Store, scope: &Scope) -> (BatchId, Vec<crate::domain::Job>) {
    let id = BatchId::from_bytes([7; 16]);
    let mut jobs: Vec<_> = (1..=3).map(|number| job(number, scope, |_| ())).collect();
    for job in &mut jobs {
        job.batch = Some(id);
    }
    let after = NewJob::new("after", json!({"all": true}));
    let mut batch = write(store, scope).await;
    batch.enqueue(&jobs).await.unwrap();
    batch.insert_batch(&Batch::new(id, scope.tenant(), 3, Some(after), NOW)).await.unwrap();
    batch.commit().await.unwrap();
    (id, claim(store, 9, 5, NOW).await)
}

pub(crate) async fn a_batch_completes_once_when_all_have_ended(store: &dyn Store) {
    let ana = user(store, 1).await;
    let (id, jobs) = batch_of_three(store, &ana).await;
    assert!(finish(store, 9, &jobs[..2], JobEnd::Succeeded, NOW).await.is_empty());
    let retry = JobEnd::Retry(NOW, JobFailure::new("handler", "no"));
    assert!(finish(store, 9, &jobs[2..], retry, NOW).await.is_empty());
    assert_eq!(read(store, &ana).await.batch(id).await.unwrap().unwrap().pending, 1);
    let again = claim(store, 8, 5, NOW).await;
    let complete = finish(store, 8, &again, JobEnd::Succeeded, seconds(3)).await;
    assert_eq!(complete.len(), 1);
    assert_eq!((complete[0].id, complete[0].completed_at), (id, Some(seconds(3))));
    assert_eq!(complete[0].on_complete.as_ref().map(|new| new.kind.as_str()), Some("after"));
    assert!(finish(store, 8, &again, JobEnd::Succeeded, seconds(4)).await.is_empty());
}

pub(crate) async fn a_batch_counts_how_its_jobs_ended(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    let (id, jobs) = batch_of_three(store, &ana).await;
    finish(store, 9, &jobs[..1], JobEnd::Dead(JobFailure::new("handler", "no")), NOW).await;
    finish(store, 9, &jobs[1..2], JobEnd::HandedBack, NOW).await;
    let mut cancel = write(store, &ana).await;
    cancel.cancel_job(jobs[1].id, NOW).await.unwrap();
    cancel.commit().await.unwrap();
    let batch = read(store, &ana).await.batch(id).await.unwrap().unwrap();
    assert_eq!((batch.total, batch.pending, batch.dead, batch.cancelled), (3, 1, 1, 1));
    assert_eq!(read(store, &joao).await.batch(id).await.unwrap(), None);
}

pub(crate) async fn a_requeued_job_does_not_complete_its_batch_again(store: &dyn Store) {
    let ana = user(store, 1).await;
    let (id, jobs) = batch_of_three(store, &ana).await;
    finish(store, 9, &jobs[1..], JobEnd::Succeeded, NOW).await;
    let dead = JobEnd::Dead(JobFailure::new("handler", "no"));
    assert_eq!(finish(store, 9, &jobs[..1], dead, NOW).await.len(), 1);
    let mut requeue = write(store, &ana).await;
    requeue.requeue_job(jobs[0].id, NOW).await.unwrap();
    requeue.commit().await.unwrap();
    let running = claim(store, 8, 5, NOW).await;
    assert!(finish(store, 8, &running, JobEnd::Succeeded, seconds(1)).await.is_empty());
    let batch = read(store, &ana).await.batch(id).await.unwrap().unwrap();
    assert_eq!((batch.pending, batch.dead, batch.completed_at), (0, 0, Some(NOW)));
}

pub(crate) async fn pruning_takes_what_was_finished_before(store: &dyn Store) {
    let ana = user(store, 1).await;
    let jobs: Vec<_> = (1..=4).map(|number| job(number, &ana, |_| ())).collect();
    enqueue(store, &ana, &jobs).await;
    let running = claim(store, 9, 3, NOW).await;
    finish(store, 9, &running[..2], JobEnd::Succeeded, NOW).await;
    finish(store, 9, &running[2..], JobEnd::Succeeded, seconds(10)).await;
    let mut prune = write(store, &Scope::service()).await;
    assert_eq!(prune.prune_jobs(seconds(10), 1).await.unwrap(), 1);
    assert_eq!(prune.prune_jobs(seconds(10), 9).await.unwrap(), 1);
    assert_eq!(prune.prune_jobs(seconds(10), 9).await.unwrap(), 0);
    prune.commit().await.unwrap();
    let left = read(store, &ana).await.jobs(&JobFilter::default(), &PageRequest::default()).await.unwrap();
    assert_eq!(numbers(&left.items), [4, 3]);
}

pub(crate) async fn large_payloads_and_odd_text_come_back(store: &dyn Store) {
    let ana = user(store, 1).await;
    let odd =
        json!({"text": "\" \\ \u{1} ' é 漢 \u{10FFFF}", "null": null, "deep": [[[1.5, -0.25, u64::MAX]]]});
    let large = json!("x".repeat(3 << 20));
    let jobs: Vec<_> = [odd, large.clone(), large, json!(null)]
        .into_iter()
        .zip(1..)
        .map(|(payload, number)| job(number, &ana, |new| new.payload = payload))
        .collect();
    enqueue(store, &ana, &jobs).await;
    for (job, number) in jobs.iter().zip(1..) {
        assert_eq!(stored(store, number).await.payload, job.payload);
    }
}
