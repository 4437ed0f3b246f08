//! Rows to test with.

use crate::base::{ChunkId, DocumentId, ProjectId, Scope, Timestamp, UserId};
use crate::domain::{
    Access, Assignment, Chunk, ContentHash, DecidedBy, Document, DocumentRecord, DocumentType, Project,
    ProjectFields, Store, Transaction, User,
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
