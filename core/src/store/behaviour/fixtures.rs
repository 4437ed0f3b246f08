//! Rows to test with.

use std::future::Future;
use std::task::Poll;

use crate::base::{ChunkId, DocumentId, ProjectId, Scope, Timestamp, UserId};
use crate::domain::{
    Access, Assignment, Chunk, ContentHash, DecidedBy, Document, DocumentFilter, DocumentRecord,
    DocumentType, PageRequest, Project, ProjectFields, Store, Transaction, User,
};

pub(in crate::store) const NOW: Timestamp = Timestamp::from_seconds(1_770_000_000);

pub(in crate::store) async fn user(store: &dyn Store, number: u8) -> Scope {
    let id = UserId::from_bytes([number; 16]);
    let user = User::new(id, format!("user{}", char::from(b'a' + number)).parse().expect("valid"), None, NOW);
    let mut write = store.begin(&Scope::service(), Access::Write).await.expect("begins");
    write.insert_user(&user).await.expect("inserts");
    write.commit().await.expect("commits");
    Scope::user(id)
}

pub(in crate::store) async fn write(store: &dyn Store, scope: &Scope) -> Box<dyn Transaction> {
    store.begin(scope, Access::Write).await.expect("begins")
}

pub(in crate::store) async fn read(store: &dyn Store, scope: &Scope) -> Box<dyn Transaction> {
    store.begin(scope, Access::Read).await.expect("begins")
}

pub(in crate::store) fn project(number: u8) -> Project {
    Project {
        id: ProjectId::from_bytes([number; 16]),
        fields: ProjectFields::named(format!("project {number}")),
        created_at: NOW,
        updated_at: NOW,
    }
}

pub(in crate::store) fn unassigned() -> Assignment {
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

pub(in crate::store) fn assigned(to: ProjectId) -> Assignment {
    Assignment { project_id: Some(to), confidence: 0.75, ..unassigned() }
}

/// A document with one chunk for each word of its text.
pub(in crate::store) fn document(number: u8, text: &str) -> DocumentRecord {
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
pub(in crate::store) async fn put(store: &dyn Store, scope: &Scope, record: &DocumentRecord) -> DocumentId {
    let mut write = write(store, scope).await;
    let put = write.put_document(record).await.expect("puts");
    write.commit().await.expect("commits");
    put.id
}

/// Does something in a transaction of its own.
pub(super) async fn commit<T>(
    store: &dyn Store,
    scope: &Scope,
    work: impl AsyncFnOnce(&mut dyn Transaction) -> T,
) -> T {
    let mut write = write(store, scope).await;
    let done = work(&mut *write).await;
    write.commit().await.expect("commits");
    done
}

pub(super) async fn add_project(store: &dyn Store, scope: &Scope, number: u8) -> Project {
    let project = project(number);
    commit(store, scope, async |write| write.insert_project(&project).await.expect("inserts")).await;
    project
}

/// A document as it reads back.
pub(super) async fn stored(store: &dyn Store, scope: &Scope, id: DocumentId) -> Document {
    read(store, scope).await.document(id).await.expect("reads").expect("is there").document
}

pub(super) fn page(size: u32, after: Option<String>) -> PageRequest {
    PageRequest { size, after }
}

/// The titles of a list, without the word, page by page: `5 4 | 3`.
pub(super) async fn listed(store: &dyn Store, scope: &Scope, filter: &DocumentFilter, size: u32) -> String {
    let (mut pages, mut after) = (Vec::new(), None);
    loop {
        let found = read(store, scope).await.documents(filter, &page(size, after)).await.expect("lists");
        let titles: Vec<_> =
            found.items.iter().map(|document| document.title.replace("title ", "")).collect();
        pages.push(titles.join(" "));
        after = found.next;
        if after.is_none() {
            return pages.join(" | ");
        }
    }
}

/// Waits for all of them, side by side.
pub(super) async fn all<T>(futures: impl IntoIterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut running: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        for (future, done) in &mut running {
            if done.is_none() {
                match future.as_mut().poll(context) {
                    Poll::Ready(value) => *done = Some(value),
                    Poll::Pending => {}
                }
            }
        }
        match running.iter().all(|(_, done)| done.is_some()) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    })
    .await;
    running.into_iter().filter_map(|(_, done)| done).collect()
}
