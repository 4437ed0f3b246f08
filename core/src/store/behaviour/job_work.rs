use std::time::Duration;

use super::fixtures::{NOW, read, user, write};
use super::job_fixtures::{claim, enqueue, finish, job, lease, numbers, seconds, stored};
use crate::base::{ErrorKind, JobId, LeaseId, Scope};
use crate::domain::{
    ChangeKind, Claim, JobEnd, JobFailure, JobOutlook, JobProgress, JobState, LeaseState, Store,
};

fn no() -> JobFailure {
    JobFailure::new("handler", "no")
}

pub(crate) async fn claims_go_by_priority_then_time_then_order(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    let at = |number, priority, second| {
        job(number, &ana, |new| (new.priority, new.run_at) = (priority, Some(seconds(second))))
    };
    enqueue(store, &ana, &[at(1, 0, 5), at(2, 0, 3), at(3, 9, 8), at(4, -1, 0), at(5, 0, 3)]).await;
    enqueue(store, &joao, &[job(6, &joao, |new| new.priority = 5)]).await;
    assert_eq!(numbers(&claim(store, 9, 4, seconds(10)).await), [3, 6, 2, 5]);
    assert_eq!(numbers(&claim(store, 8, 4, seconds(10)).await), [1, 4]);
}

pub(crate) async fn claims_take_the_kinds_asked_for_and_no_more_than_the_limit(store: &dyn Store) {
    let ana = user(store, 1).await;
    let kinds = ["work", "other", "work", "third"];
    let jobs: Vec<_> = kinds
        .iter()
        .zip(1..)
        .map(|(kind, number)| job(number, &ana, |new| new.kind = (*kind).into()))
        .collect();
    enqueue(store, &ana, &jobs).await;
    let mut write = write(store, &Scope::service()).await;
    let mut of = async |kinds: &[&str], limit, number| {
        let kinds: Vec<String> = kinds.iter().map(|&kind| kind.to_owned()).collect();
        let lease = LeaseId::from_bytes([number; 16]);
        let claim = Claim { kinds: &kinds, limit, lease, until: seconds(60), now: NOW };
        numbers(&write.claim_jobs(&claim).await.unwrap())
    };
    assert_eq!(of(&["work", "third"], 2, 1).await, [1, 3]);
    assert_eq!(of(&["work", "third"], 2, 2).await, [4]);
    assert!(of(&[], 2, 3).await.is_empty());
    assert!(of(&["other"], 0, 4).await.is_empty());
}

pub(crate) async fn users_claim_nothing(store: &dyn Store) {
    let ana = user(store, 1).await;
    let mut write = write(store, &ana).await;
    let lease = LeaseId::from_bytes([1; 16]);
    let claim = Claim { kinds: &[], limit: 1, lease, until: NOW, now: NOW };
    let refusals = [
        write.claim_jobs(&claim).await.err(),
        write.extend_leases(&[], NOW).await.err(),
        write.cancel_requests(&[]).await.err(),
        write.finish_jobs(&[], NOW).await.err(),
        write.put_progress(&[]).await.err(),
        write.rescue_jobs(NOW, 1).await.err(),
        write.job_outlook(&[], NOW).await.err(),
        write.due_schedules(NOW, 1).await.err(),
    ];
    for refusal in refusals {
        assert_eq!(refusal.map(|error| error.kind()), Some(ErrorKind::Forbidden));
    }
}

pub(crate) async fn a_job_is_not_claimed_twice(store: &dyn Store) {
    let ana = user(store, 1).await;
    enqueue(store, &ana, &[job(1, &ana, |_| ()), job(2, &ana, |_| ())]).await;
    let (first, second) = tokio::join!(claim(store, 1, 1, NOW), claim(store, 2, 1, NOW));
    assert_ne!(numbers(&first), numbers(&second));
    assert!(claim(store, 3, 9, NOW).await.is_empty());
}

pub(crate) async fn claims_at_once_never_overlap(store: &dyn Store) {
    let ana = user(store, 1).await;
    let keyed = |number: u8| number.is_multiple_of(4).then(|| "shared".to_owned());
    let jobs: Vec<_> = (1..=200).map(|n| job(n, &ana, |new| new.concurrency_key = keyed(n))).collect();
    enqueue(store, &ana, &jobs).await;
    let worker = async |lease: u8| {
        let mut done = Vec::new();
        loop {
            let claimed = claim(store, lease, 7, NOW).await;
            if claimed.is_empty() && store_is_done(store).await {
                return done;
            }
            done.extend(numbers(&claimed));
            finish(store, lease, &claimed, JobEnd::Succeeded, NOW).await;
        }
    };
    let (a, b, c) = tokio::join!(worker(201), worker(202), worker(203));
    let mut all = [a, b, c].concat();
    all.sort_unstable();
    assert_eq!(all, (1..=200).collect::<Vec<u64>>());
}

/// Whether no job is left to run.
async fn store_is_done(store: &dyn Store) -> bool {
    let stats = read(store, &Scope::service()).await.job_stats().await.unwrap();
    stats.iter().all(|of| (of.ready, of.running) == (0, 0))
}

pub(crate) async fn claims_of_two_workers_keep_a_limit(store: &dyn Store) {
    let ana = user(store, 1).await;
    let keyed = |number| job(number, &ana, |new| new.concurrency_key = Some("one".into()));
    enqueue(store, &ana, &(1..=30).map(keyed).collect::<Vec<_>>()).await;
    let (mut done, mut lease) = (0, 100);
    while done < 30 {
        let (first, second) = tokio::join!(claim(store, lease, 9, NOW), claim(store, lease + 1, 9, NOW));
        assert!(first.len() + second.len() <= 1, "two of one key at once");
        done += first.len() + second.len();
        finish(store, lease, &first, JobEnd::Succeeded, NOW).await;
        finish(store, lease + 1, &second, JobEnd::Succeeded, NOW).await;
        lease += 2;
    }
}

pub(crate) async fn a_job_is_not_claimed_before_its_time(store: &dyn Store) {
    let ana = user(store, 1).await;
    enqueue(store, &ana, &[job(1, &ana, |new| new.run_at = Some(seconds(60)))]).await;
    assert!(claim(store, 1, 9, seconds(59)).await.is_empty());
    assert_eq!(claim(store, 2, 9, seconds(60)).await.len(), 1);
}

pub(crate) async fn an_attempt_is_counted_and_leased(store: &dyn Store) {
    let ana = user(store, 1).await;
    enqueue(store, &ana, &[job(1, &ana, |_| ())]).await;
    let claimed = claim(store, 1, 1, seconds(2)).await;
    assert_eq!((claimed[0].state, claimed[0].attempt), (JobState::Running, 1));
    assert_eq!((claimed[0].started_at, claimed[0].run_at), (Some(seconds(2)), NOW));
    assert_eq!(stored(store, 1).await, claimed[0]);
    finish(store, 1, &claimed, JobEnd::Succeeded, seconds(3)).await;
    let done = stored(store, 1).await;
    assert_eq!((done.state, done.finished_at, done.failure), (JobState::Succeeded, Some(seconds(3)), None));
}

pub(crate) async fn a_failed_job_comes_back_at_its_time(store: &dyn Store) {
    let ana = user(store, 1).await;
    enqueue(store, &ana, &[job(1, &ana, |_| ())]).await;
    let first = claim(store, 1, 1, NOW).await;
    finish(store, 1, &first, JobEnd::Retry(seconds(30), no()), NOW).await;
    let failed = stored(store, 1).await;
    assert_eq!((failed.state, failed.run_at, failed.failure), (JobState::Failed, seconds(30), Some(no())));
    assert!(claim(store, 2, 1, seconds(29)).await.is_empty());
    assert_eq!(claim(store, 3, 1, seconds(30)).await[0].attempt, 2);
}

pub(crate) async fn a_job_handed_back_keeps_its_attempt(store: &dyn Store) {
    let ana = user(store, 1).await;
    enqueue(store, &ana, &[job(1, &ana, |_| ())]).await;
    let first = claim(store, 1, 1, NOW).await;
    finish(store, 1, &first, JobEnd::HandedBack, NOW).await;
    let back = stored(store, 1).await;
    assert_eq!((back.state, back.attempt, back.finished_at), (JobState::Ready, 0, None));
    assert_eq!(claim(store, 2, 1, NOW).await[0].attempt, 1);
}

pub(crate) async fn a_death_is_in_its_owners_change_log(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    enqueue(store, &ana, &[job(1, &ana, |_| ()), job(2, &ana, |_| ())]).await;
    let jobs = claim(store, 1, 2, NOW).await;
    finish(store, 1, &jobs[..1], JobEnd::Retry(NOW, no()), NOW).await;
    finish(store, 1, &jobs[1..], JobEnd::Dead(no()), seconds(4)).await;
    let changes = read(store, &ana).await.changes_after(0, 10).await.unwrap();
    assert_eq!(changes.len(), 1);
    assert_eq!((changes[0].kind, changes[0].at), (ChangeKind::JobFailed, seconds(4)));
    assert_eq!(changes[0].subject_id, Some(jobs[1].id.into()));
    assert!(read(store, &joao).await.changes_after(0, 10).await.unwrap().is_empty());
}

pub(crate) async fn a_finish_without_the_lease_does_not_count(store: &dyn Store) {
    let ana = user(store, 1).await;
    enqueue(store, &ana, &[job(1, &ana, |_| ())]).await;
    let jobs = claim(store, 1, 1, NOW).await;
    finish(store, 2, &jobs, JobEnd::Succeeded, NOW).await;
    assert_eq!(stored(store, 1).await.state, JobState::Running);
    finish(store, 1, &jobs, JobEnd::Succeeded, NOW).await;
    finish(store, 1, &jobs, JobEnd::Dead(no()), NOW).await;
    assert_eq!(stored(store, 1).await.state, JobState::Succeeded);
}

pub(crate) async fn a_lease_is_extended_only_by_its_holder(store: &dyn Store) {
    let ana = user(store, 1).await;
    enqueue(store, &ana, &[job(1, &ana, |_| ()), job(2, &ana, |_| ())]).await;
    let jobs = claim(store, 1, 2, NOW).await;
    let mut write = write(store, &Scope::service()).await;
    write.cancel_job(jobs[1].id, NOW).await.unwrap();
    let leases = [lease(2, &jobs[0]), lease(1, &jobs[0]), lease(1, &jobs[1])];
    let states = write.extend_leases(&leases, seconds(600)).await.unwrap();
    assert_eq!(states, [LeaseState::Lost, LeaseState::Held, LeaseState::CancelRequested]);
    assert_eq!(write.cancel_requests(&leases).await.unwrap(), [jobs[1].id]);
    assert_eq!(write.rescue_jobs(seconds(599), 9).await.unwrap().0, 0);
    assert_eq!(write.rescue_jobs(seconds(601), 9).await.unwrap().0, 2);
}

pub(crate) async fn orphans_are_rescued_and_their_workers_too_late(store: &dyn Store) {
    let ana = user(store, 1).await;
    enqueue(store, &ana, &[job(1, &ana, |_| ()), job(2, &ana, |_| ())]).await;
    let lost = claim(store, 1, 2, NOW).await;
    let mut rescue = write(store, &Scope::service()).await;
    assert_eq!(rescue.rescue_jobs(seconds(60), 9).await.unwrap().0, 0);
    assert_eq!(rescue.rescue_jobs(seconds(61), 1).await.unwrap().0, 1);
    assert_eq!(rescue.rescue_jobs(seconds(61), 9).await.unwrap().0, 1);
    rescue.commit().await.unwrap();
    let orphan = stored(store, 1).await;
    assert_eq!((orphan.state, orphan.attempt), (JobState::Ready, 1));
    assert_eq!(orphan.failure.map(|failure| failure.code).as_deref(), Some("worker_lost"));
    let again = claim(store, 2, 2, seconds(62)).await;
    assert_eq!(again.iter().map(|job| job.attempt).collect::<Vec<_>>(), [2, 2]);
    finish(store, 1, &lost, JobEnd::Dead(no()), seconds(63)).await;
    assert_eq!(stored(store, 1).await.state, JobState::Running);
}

pub(crate) async fn an_orphan_without_attempts_left_is_dead(store: &dyn Store) {
    let ana = user(store, 1).await;
    enqueue(store, &ana, &[job(1, &ana, |new| new.max_attempts = 1)]).await;
    claim(store, 1, 1, NOW).await;
    let mut rescue = write(store, &Scope::service()).await;
    rescue.rescue_jobs(seconds(100), 9).await.unwrap();
    rescue.commit().await.unwrap();
    let dead = stored(store, 1).await;
    assert_eq!((dead.state, dead.finished_at), (JobState::Dead, Some(seconds(100))));
    let changes = read(store, &ana).await.changes_of(&[ChangeKind::JobFailed], 0, 10).await.unwrap();
    assert_eq!(changes.len(), 1);
}

pub(crate) async fn a_cancelled_orphan_is_not_run_again(store: &dyn Store) {
    let ana = user(store, 1).await;
    enqueue(store, &ana, &[job(1, &ana, |_| ())]).await;
    let jobs = claim(store, 1, 1, NOW).await;
    let mut rescue = write(store, &Scope::service()).await;
    rescue.cancel_job(jobs[0].id, NOW).await.unwrap();
    rescue.rescue_jobs(seconds(100), 9).await.unwrap();
    rescue.commit().await.unwrap();
    assert_eq!(stored(store, 1).await.state, JobState::Cancelled);
}

pub(crate) async fn concurrency_limits_hold_by_key(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    let keyed = |number, scope: &Scope, key: &str| {
        job(number, scope, |new| (new.concurrency_key, new.concurrency_limit) = (Some(key.into()), 2))
    };
    let hers: Vec<_> = (1..=4).map(|number| keyed(number, &ana, "a")).chain([keyed(5, &ana, "b")]).collect();
    enqueue(store, &ana, &hers).await;
    enqueue(store, &joao, &[keyed(6, &joao, "a")]).await;
    let first = claim(store, 1, 9, NOW).await;
    assert_eq!(numbers(&first), [1, 2, 5, 6]);
    assert!(claim(store, 2, 9, NOW).await.is_empty());
    finish(store, 1, &first[..1], JobEnd::Succeeded, NOW).await;
    assert_eq!(numbers(&claim(store, 3, 9, NOW).await), [3]);
    finish(store, 1, &first[1..2], JobEnd::Retry(seconds(50), no()), NOW).await;
    assert_eq!(numbers(&claim(store, 4, 9, NOW).await), [4]);
    assert!(claim(store, 5, 9, seconds(55)).await.is_empty());
}

pub(crate) async fn a_limit_holds_for_a_whole_backlog(store: &dyn Store) {
    let ana = user(store, 1).await;
    let keyed = |number| job(number, &ana, |new| new.concurrency_key = Some("one".into()));
    let jobs: Vec<_> = (1..=40).map(keyed).chain([job(41, &ana, |_| ())]).collect();
    enqueue(store, &ana, &jobs).await;
    let mut done = Vec::new();
    for round in 100..200 {
        let claimed = claim(store, round, 3, NOW).await;
        let limited = claimed.iter().filter(|job| job.concurrency_key.is_some()).count();
        assert!(limited <= 1, "{limited} of one key at once");
        done.extend(numbers(&claimed));
        finish(store, round, &claimed, JobEnd::Succeeded, NOW).await;
    }
    let limited: Vec<u64> = done.iter().copied().filter(|&number| number <= 40).collect();
    assert_eq!(limited, (1..=40).collect::<Vec<u64>>());
    assert_eq!(done.len(), 41);
}

pub(crate) async fn cancelling_the_next_in_line_lets_the_one_behind_through(store: &dyn Store) {
    let ana = user(store, 1).await;
    let keyed = |number| job(number, &ana, |new| new.concurrency_key = Some("one".into()));
    enqueue(store, &ana, &[keyed(1), keyed(2), keyed(3)]).await;
    let first = claim(store, 1, 9, NOW).await;
    assert_eq!(numbers(&first), [1]);
    finish(store, 1, &first, JobEnd::Succeeded, NOW).await;
    let mut cancel = write(store, &ana).await;
    cancel.cancel_job(JobId::from_bytes([2; 16]), NOW).await.unwrap();
    cancel.commit().await.unwrap();
    assert_eq!(numbers(&claim(store, 2, 9, NOW).await), [3]);
}

pub(crate) async fn progress_is_kept_while_the_lease_holds(store: &dyn Store) {
    let ana = user(store, 1).await;
    enqueue(store, &ana, &[job(1, &ana, |_| ())]).await;
    let jobs = claim(store, 1, 1, NOW).await;
    let half = JobProgress { fraction: 0.5, message: Some("half".into()) };
    let full = JobProgress { fraction: 1.0, message: None };
    let mut write = write(store, &Scope::service()).await;
    write.put_progress(&[(lease(1, &jobs[0]), half.clone()), (lease(2, &jobs[0]), full)]).await.unwrap();
    write.commit().await.unwrap();
    assert_eq!(stored(store, 1).await.progress, Some(half));
}

pub(crate) async fn cancelled_jobs_are_not_retried(store: &dyn Store) {
    let ana = user(store, 1).await;
    enqueue(store, &ana, &[job(1, &ana, |_| ()), job(2, &ana, |_| ()), job(3, &ana, |_| ())]).await;
    let jobs = claim(store, 1, 3, NOW).await;
    let mut cancel = write(store, &ana).await;
    for job in &jobs {
        cancel.cancel_job(job.id, NOW).await.unwrap();
    }
    cancel.commit().await.unwrap();
    finish(store, 1, &jobs[..1], JobEnd::Retry(NOW, no()), NOW).await;
    finish(store, 1, &jobs[1..2], JobEnd::HandedBack, NOW).await;
    finish(store, 1, &jobs[2..], JobEnd::Succeeded, NOW).await;
    let states =
        [stored(store, 1).await, stored(store, 2).await, stored(store, 3).await].map(|job| job.state);
    assert_eq!(states, [JobState::Cancelled, JobState::Cancelled, JobState::Succeeded]);
}

pub(crate) async fn the_outlook_says_when(store: &dyn Store) {
    let ana = user(store, 1).await;
    let kinds = ["work".to_owned()];
    let outlook = async |now| read(store, &Scope::service()).await.job_outlook(&kinds, now).await.unwrap();
    assert_eq!(outlook(NOW).await, JobOutlook { is_due: false, next_at: None });
    enqueue(store, &ana, &[job(1, &ana, |new| new.run_at = Some(seconds(60)))]).await;
    enqueue(store, &ana, &[job(2, &ana, |new| new.kind = "other".into())]).await;
    assert_eq!(outlook(NOW).await, JobOutlook { is_due: false, next_at: Some(seconds(60)) });
    assert!(outlook(NOW.after(Duration::from_secs(60))).await.is_due);
    enqueue(store, &ana, &[job(3, &ana, |_| ())]).await;
    assert!(outlook(NOW).await.is_due);
}
