//! Rows to test with.

use std::time::Duration;

use serde_json::json;

use crate::base::{ChunkId, DocumentId, JobId, LeaseId, ProjectId, Scope, Timestamp, UserId};
use crate::domain::{
    Access, Assignment, Batch, Chunk, Claim, ContentHash, DecidedBy, Document, DocumentRecord, DocumentType,
    Enqueued, FinishedJob, Job, JobEnd, JobLease, NewJob, Project, ProjectFields, Store, Transaction, User,
};

pub(super) const NOW: Timestamp = Timestamp::from_seconds(1_770_000_000);

pub(super) async fn user(store: &dyn Store, number: u8) -> Scope {
    let id = UserId::from_bytes([number; 16]);
    let user = User::new(id, format!("user{}", char::from(b'a' + number)).parse().expect("valid"), None, NOW);
    let mut write = store.begin(&Scope::service(), Access::Write).await.expect("begins");
    write.insert_user(&user).await.expect("inserts");
    write.commit().await.expect("commits");
    Scope::user(id)
}

pub(super) async fn write(store: &dyn Store, scope: &Scope) -> Box<dyn Transaction> {
    store.begin(scope, Access::Write).await.expect("begins")
}

pub(super) async fn read(store: &dyn Store, scope: &Scope) -> Box<dyn Transaction> {
    store.begin(scope, Access::Read).await.expect("begins")
}

pub(super) fn project(number: u8) -> Project {
    Project {
        id: ProjectId::from_bytes([number; 16]),
        fields: ProjectFields::named(format!("project {number}")),
        created_at: NOW,
        updated_at: NOW,
    }
}

pub(super) fn unassigned() -> Assignment {
    Assignment {
        project_id: None,
        confidence: 0.25,
        reason: "nothing in it points to a project".into(),
        evidence: Vec::new(),
        alternatives: Vec::new(),
        model: "test".into(),
        decided_by: DecidedBy::Auto,
    }
}

pub(super) fn assigned(to: ProjectId) -> Assignment {
    Assignment { project_id: Some(to), confidence: 0.75, ..unassigned() }
}

/// A document with one chunk for each word of its text.
pub(super) fn document(number: u8, text: &str) -> DocumentRecord {
    let chunks = text.split_whitespace().zip(0..).map(|(word, ordinal)| Chunk {
        id: ChunkId::from_bytes([number + ordinal as u8; 16]),
        ordinal,
        text: word.to_owned(),
        content_hash: ContentHash::of(word.as_bytes()),
    });
    DocumentRecord {
        chunks: chunks.collect(),
        document: Document {
            id: DocumentId::from_bytes([number; 16]),
            source: "test".into(),
            source_id: format!("item {number}"),
            kind: DocumentType::Document,
            title: format!("title {number}"),
            author: None,
            text: text.to_owned(),
            content_hash: ContentHash::of(text.as_bytes()).to_string(),
            revision: 1,
            parent_id: None,
            thread_id: None,
            occurred_at: NOW,
            created_at: NOW,
            updated_at: NOW,
            mail: None,
            assignment: unassigned(),
        },
    }
}

/// Stores a document in a transaction of its own.
pub(super) async fn put(store: &dyn Store, scope: &Scope, record: &DocumentRecord) -> DocumentId {
    let mut write = write(store, scope).await;
    let put = write.put_document(record).await.expect("puts");
    write.commit().await.expect("commits");
    put.id
}

/// A job of kind `work` that is ready, changed by `change`.
pub(super) fn job(number: u8, scope: &Scope, change: impl FnOnce(&mut NewJob)) -> Job {
    let mut new = NewJob::new("work", json!({ "number": number }));
    change(&mut new);
    new.into_job(JobId::from_bytes([number; 16]), scope.tenant(), NOW).expect("a job")
}

/// Enqueues jobs in a transaction of their own.
pub(super) async fn enqueue(store: &dyn Store, scope: &Scope, jobs: &[Job]) -> Vec<Enqueued> {
    let mut write = write(store, scope).await;
    let enqueued = write.enqueue(jobs).await.expect("enqueues");
    write.commit().await.expect("commits");
    enqueued
}

/// Claims jobs of kind `work` for a minute.
pub(super) async fn claim(store: &dyn Store, number: u8, limit: u32, now: Timestamp) -> Vec<Job> {
    let mut write = write(store, &Scope::service()).await;
    let until = now.after(Duration::from_secs(60));
    let lease = LeaseId::from_bytes([number; 16]);
    let claim = Claim { kinds: &["work".to_owned()], limit, lease, until, now };
    let claimed = write.claim_jobs(&claim).await.expect("claims");
    write.commit().await.expect("commits");
    claimed
}

pub(super) fn lease(number: u8, job: &Job) -> JobLease {
    JobLease { job: job.id, lease: LeaseId::from_bytes([number; 16]) }
}

/// Ends jobs that claim `number` took, all in the same way.
pub(super) async fn finish(
    store: &dyn Store,
    number: u8,
    jobs: &[Job],
    end: JobEnd,
    now: Timestamp,
) -> Vec<Batch> {
    let finished: Vec<FinishedJob> =
        jobs.iter().map(|job| FinishedJob { lease: lease(number, job), end: end.clone() }).collect();
    let mut write = write(store, &Scope::service()).await;
    let complete = write.finish_jobs(&finished, now).await.expect("finishes");
    write.commit().await.expect("commits");
    complete
}

/// A job as it is stored now.
pub(super) async fn stored(store: &dyn Store, number: u8) -> Job {
    let mut read = read(store, &Scope::service()).await;
    read.job(JobId::from_bytes([number; 16])).await.expect("reads").expect("is there")
}

pub(super) fn seconds(seconds: u64) -> Timestamp {
    NOW.after(Duration::from_secs(seconds))
}

/// The number in the payload of each job.
pub(super) fn numbers(jobs: &[Job]) -> Vec<u64> {
    jobs.iter().map(|job| job.payload["number"].as_u64().expect("a number")).collect()
}
