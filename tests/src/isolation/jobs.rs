//! Random calls about jobs, batches and schedules. Kinds, keys and names are everybody's.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use besunny::{
    BatchId, ErrorKind, JobContext, JobError, JobFilter, JobId, JobState, NewDocument, NewJob, NewSchedule,
    PageRequest, Result, Workspace,
};
use serde_json::{Value, json};

use super::calls::{SOURCES, by_id};
use super::people::{Whose, listed};
use super::{Fuzz, assert_alike};

const KINDS: [&str; 2] = ["report", "letter"];
const KEYS: [&str; 3] = ["march", "april", "may"];
const SCHEDULES: [&str; 3] = ["daily", "weekly", "rarely"];

/// Registers who does the jobs; counts the runs in which a handler was given another user
/// than the one that enqueued the job.
pub(super) fn register(workspace: &Workspace) -> Arc<AtomicU64> {
    let mistaken = Arc::new(AtomicU64::new(0));
    for kind in KINDS {
        let mistaken = Arc::clone(&mistaken);
        let handler = move |job: JobContext| {
            let mistaken = Arc::clone(&mistaken);
            async move {
                let owner = job.user().await?.map(|me| me.user().username.to_string());
                if owner.as_deref() != job.job().payload["owner"].as_str() {
                    mistaken.fetch_add(1, Ordering::Relaxed);
                }
                match job.job().payload["fails"].as_bool() {
                    Some(true) => Err(JobError::permanent(job.job().payload.to_string())),
                    _ => Ok(()),
                }
            }
        };
        workspace.jobs().handler(kind, handler).expect("takes a handler");
    }
    mistaken
}

impl Fuzz<'_> {
    fn new_job(&mut self, who: usize) -> NewJob {
        if self.random.chance(15) {
            let mut document = NewDocument { content: self.text(who).into_bytes(), ..NewDocument::default() };
            document.source = Some(SOURCES[self.random.below(SOURCES.len())].to_owned());
            document.source_id = Some(format!("item {}", self.random.below(30)));
            return NewJob::ingest_document(document).expect("a job");
        }
        let owner = self.people[who].me.user().username.to_string();
        let payload = json!({"owner": owner, "text": self.text(who), "fails": self.random.chance(40)});
        let mut job = NewJob::new(KINDS[self.random.below(KINDS.len())], payload);
        if self.random.chance(50) {
            job.unique_key = Some(KEYS[self.random.below(KEYS.len())].to_owned());
        }
        if self.random.chance(30) {
            job.concurrency_key = Some(KEYS[self.random.below(KEYS.len())].to_owned());
        }
        job
    }

    pub(super) async fn jobs(&mut self, who: usize) {
        let jobs = self.people[who].me.jobs();
        match self.random.below(20) {
            0..=3 => {
                let job = self.new_job(who);
                let enqueued = jobs.enqueue(job).await.expect("takes a job");
                self.people[who].jobs.insert(enqueued.id);
                self.check(who, "jobs.enqueue", &Ok(json!(enqueued)));
            }
            4 | 5 => {
                let few = (0..1 + self.random.below(3)).map(|_| self.new_job(who)).collect();
                let last = self.random.chance(50).then(|| self.new_job(who));
                let batch = jobs.enqueue_batch(few, last).await.expect("takes a batch");
                self.people[who].batches.insert(batch.id);
                self.check(who, "jobs.enqueue_batch", &Ok(json!(batch)));
            }
            6 | 7 => {
                by_id!(self, who, "jobs.get", job, id => jobs.get(id), JobId);
            }
            8 => {
                by_id!(self, who, "jobs.batch", batch, id => jobs.batch(id), BatchId);
            }
            9 | 10 => {
                by_id!(self, who, "jobs.cancel", job, id => jobs.cancel(id), JobId);
            }
            11 | 12 => self.requeue(who).await,
            13 => {
                let filter = JobFilter {
                    kind: self.random.chance(30).then(|| KINDS[0].to_owned()),
                    state: self.random.chance(30).then_some(JobState::Dead),
                    batch: self.random.chance(30).then(|| self.batch(who).0),
                };
                let page = self.page(who);
                let listed = jobs.list(filter, page).await;
                if let Some(next) = listed.as_ref().ok().and_then(|page| page.next.clone()) {
                    self.people[who].pages.push(next);
                }
                self.check(who, "jobs.list", &listed.map(|listed| json!(listed)));
            }
            14 => {
                let stats = jobs.stats().await.expect("counts");
                let states = |each: &besunny::KindStats| {
                    each.scheduled
                        + each.ready
                        + each.running
                        + each.succeeded
                        + each.failed
                        + each.dead
                        + each.cancelled
                };
                let counted: u64 = stats.iter().map(states).sum();
                assert_eq!(counted, self.all_jobs(who).await.len() as u64, "jobs.stats counts others'");
                self.check(who, "jobs.stats", &Ok(json!(stats)));
            }
            15 | 16 => self.schedule(who).await,
            17 => {
                let pruned = jobs.prune(Duration::ZERO).await.map(|pruned| json!(pruned));
                self.check(who, "jobs.prune", &pruned);
                self.people[who].jobs = self.all_jobs(who).await;
                for id in self.people[who].batches.clone() {
                    if jobs.batch(id).await.is_err() {
                        self.people[who].batches.remove(&id);
                    }
                }
            }
            18 => {
                let refused = jobs.run_due().await.expect_err("the workspace's alone");
                assert_eq!(refused.kind(), ErrorKind::Forbidden);
                let refused = jobs.handler(KINDS[0], async |_| Ok(())).expect_err("the workspace's alone");
                assert_eq!(refused.kind(), ErrorKind::Forbidden);
            }
            _ => self.run_jobs().await,
        }
    }

    /// Own jobs that are dead or cancelled only; others are refused like jobs that are nowhere.
    async fn requeue(&mut self, who: usize) {
        let jobs = self.people[who].me.jobs();
        let (id, whose) = self.job(who);
        let outcome = jobs.requeue(id).await.map(|()| Value::Null);
        match whose {
            Whose::Own => {
                let kind = outcome.as_ref().err().map(besunny::Error::kind);
                let expected = [None, Some(ErrorKind::InvalidInput), Some(ErrorKind::AlreadyExists)];
                assert!(expected.contains(&kind), "jobs.requeue: {outcome:?}");
            }
            Whose::Foreign => {
                self.report.foreign += 1;
                let nowhere = JobId::from_bytes(self.random.unknown());
                let refused: Result<Value> = jobs.requeue(nowhere).await.map(|()| Value::Null);
                assert!(outcome.is_err(), "jobs.requeue took another's");
                assert_alike("jobs.requeue", &outcome, &id.to_string(), &refused, &nowhere.to_string());
            }
            Whose::Nobodys => assert!(outcome.is_err()),
        }
        self.check(who, "jobs.requeue", &outcome);
    }

    /// Schedules of all users have the same names.
    async fn schedule(&mut self, who: usize) {
        let jobs = self.people[who].me.jobs();
        let name = SCHEDULES[self.random.below(SCHEDULES.len())];
        match self.random.below(3) {
            0 => {
                let schedule = NewSchedule::new(name, "0 6 * * *", "UTC", self.new_job(who));
                let kept = jobs.schedule(schedule).await.expect("takes a schedule");
                self.people[who].schedules.insert(name);
                self.check(who, "jobs.schedule", &Ok(json!(kept)));
            }
            1 => {
                let dropped = jobs.unschedule(name).await.map(|()| Value::Null);
                assert_eq!(dropped.is_ok(), self.people[who].schedules.remove(name), "jobs.unschedule");
                self.check(who, "jobs.unschedule", &dropped);
            }
            _ => {
                let listed = jobs.schedules().await.expect("lists");
                let names: BTreeSet<&str> = listed.iter().map(|schedule| &*schedule.name).collect();
                assert_eq!(names, self.people[who].schedules, "schedules");
                self.check(who, "jobs.schedules", &Ok(json!(listed)));
            }
        }
    }

    /// The workspace does everybody's jobs.
    async fn run_jobs(&mut self) {
        self.workspace.jobs().run_due().await.expect("runs");
        self.refresh().await;
    }

    /// What came of a user's jobs is the user's.
    pub(super) async fn refresh(&mut self) {
        for who in 0..self.people.len() {
            self.people[who].jobs = self.all_jobs(who).await;
            for id in listed(&self.people[who].me).await {
                if self.people[who].documents.contains_key(&id) {
                    continue;
                }
                let document = self.people[who].me.documents().get(id).await.expect("is listed");
                self.people[who].documents.insert(id, document.parent_id);
                self.check(who, "documents.get", &Ok(json!(document)));
            }
        }
    }

    /// Every job that a user's list shows.
    async fn all_jobs(&mut self, who: usize) -> BTreeSet<JobId> {
        let (mut page, mut found) = (PageRequest { size: 1000, after: None }, BTreeSet::new());
        loop {
            let listed = self.people[who].me.jobs().list(JobFilter::default(), page.clone()).await;
            let listed = listed.expect("lists");
            found.extend(listed.items.iter().map(|job| job.id));
            page.after.clone_from(&listed.next);
            self.check(who, "jobs.list", &Ok(json!(listed.items)));
            if page.after.is_none() {
                return found;
            }
        }
    }
}
