//! What of a document comes back, and what a new revision does to it.

use super::fixtures::{NOW, add_project, assigned, commit, document, put, read, stored, unassigned, user};
use crate::base::{DocumentId, Timestamp};
use crate::domain::{
    Alternative, Assignment, AttachmentFacts, Counts, DocumentType, Evidence, MailDetails, Signal, Store,
    StoreStatus,
};

pub(crate) async fn every_field_comes_back(store: &dyn Store) {
    let ana = user(store, 1).await;
    let parent = put(store, &ana, &document(1, "mail")).await;
    let mut record = document(2, "one");
    let given = &mut record.document;
    given.kind = DocumentType::Spreadsheet;
    given.author = Some("Marta Nunes <marta@tide.example>".into());
    given.parent_id = Some(parent);
    given.thread_id = Some("t1".into());
    given.mail = Some(MailDetails {
        attachments: vec![AttachmentFacts {
            name: "plan.csv".into(),
            media_type: "text/csv".into(),
            size: u64::from(u32::MAX) + 1,
            sha256: "00".repeat(32),
        }],
        quoted: "> yes".into(),
        signature: "Marta".into(),
        ..MailDetails::default()
    });
    let id = put(store, &ana, &record).await;
    assert_eq!(stored(store, &ana, id).await, record.document);
}

pub(crate) async fn a_long_text_comes_back(store: &dyn Store) {
    let ana = user(store, 1).await;
    let text = "lighthouse-".repeat(200_000);
    let id = put(store, &ana, &document(1, &text)).await;
    assert!(stored(store, &ana, id).await.text == text);
    assert!(read(store, &ana).await.chunks(id).await.unwrap()[0].text == text);
}

pub(crate) async fn texts_of_any_script_come_back(store: &dyn Store) {
    let ana = user(store, 1).await;
    let texts =
        ["é", "e\u{301}", "日本語", "שלום", "🎬👩‍🎤", "'; DROP TABLE documents; --", "\u{1}\r\n\t\\\"", ""];
    for (number, text) in (1..).zip(texts) {
        let mut record = document(number, "x");
        record.document.text = text.into();
        record.document.title = text.into();
        record.document.source_id = format!("{number}{text}");
        let id = put(store, &ana, &record).await;
        assert_eq!(stored(store, &ana, id).await, record.document);
    }
}

pub(crate) async fn a_document_may_have_no_chunks(store: &dyn Store) {
    let ana = user(store, 1).await;
    let id = put(store, &ana, &document(1, "")).await;
    let mut read = read(store, &ana).await;
    assert!(read.chunks(id).await.unwrap().is_empty());
    assert_eq!(read.counts().await.unwrap(), Counts { documents: 1, chunks: 0 });
}

pub(crate) async fn chunks_come_in_order(store: &dyn Store) {
    let ana = user(store, 1).await;
    let words: Vec<String> = (0..120).map(|number| format!("w{number}")).collect();
    let mut record = document(1, &words.join(" "));
    record.chunks.reverse();
    let id = put(store, &ana, &record).await;
    let chunks = read(store, &ana).await.chunks(id).await.unwrap();
    assert_eq!(chunks.iter().map(|chunk| &chunk.text).collect::<Vec<_>>(), words.iter().collect::<Vec<_>>());
    assert!(chunks.iter().map(|chunk| chunk.ordinal).eq(0..120));
}

pub(crate) async fn many_come_in_the_order_asked(store: &dyn Store) {
    let ana = user(store, 1).await;
    let (first, second) =
        (put(store, &ana, &document(1, "a b c")).await, put(store, &ana, &document(10, "d")).await);
    let nowhere = DocumentId::from_bytes([200; 16]);
    let asked: Vec<DocumentId> = (0..700).flat_map(|_| [second, nowhere, first]).collect();
    let mut read = read(store, &ana).await;
    let found = read.documents_by_id(&asked).await.unwrap();
    assert_eq!(found.len(), asked.len());
    for (id, stored) in asked.iter().zip(found) {
        assert_eq!(stored.map(|stored| stored.document.id), (*id != nowhere).then_some(*id));
    }
    let chunks = read.chunks_of(&asked).await.unwrap();
    assert_eq!(chunks.iter().take(3).map(Vec::len).collect::<Vec<_>>(), [1, 0, 3]);
    let wanted: Vec<_> = chunks[2].iter().rev().map(|chunk| (first, chunk.id)).collect();
    let passages = read.passages(&wanted).await.unwrap();
    assert!(passages.into_iter().flatten().eq(chunks[2].iter().rev().cloned()));
    assert!(read.documents_by_id(&[]).await.unwrap().is_empty());
    assert!(read.chunks_of(&[]).await.unwrap().is_empty());
}

pub(crate) async fn an_unknown_document_is_nowhere(store: &dyn Store) {
    let ana = user(store, 1).await;
    let nowhere = DocumentId::from_bytes([200; 16]);
    commit(store, &ana, async |write| {
        assert!(write.document(nowhere).await.unwrap().is_none());
        assert!(write.attachments_of(nowhere).await.unwrap().is_empty());
        assert!(write.chunks(nowhere).await.unwrap().is_empty());
        assert!(!write.set_assignment(nowhere, &unassigned(), NOW).await.unwrap());
        assert!(write.delete_document(nowhere, NOW).await.unwrap().is_empty());
    })
    .await;
    assert_eq!(store.last_position(&ana).await.unwrap(), 0, "and nothing changed");
}

pub(crate) async fn an_identity_is_source_and_source_id_to_the_letter(store: &dyn Store) {
    let ana = user(store, 1).await;
    let names =
        [("drive", "a"), ("mail", "a"), ("drive", "A"), ("Drive", "a"), ("drive", "a "), ("drivea", "")];
    for (number, (source, source_id)) in (1..).zip(names) {
        let mut record = document(number, "same");
        (record.document.source, record.document.source_id) = (source.into(), source_id.into());
        assert_eq!(put(store, &ana, &record).await, record.document.id, "{source:?} {source_id:?}");
    }
    let mut read = read(store, &ana).await;
    let (id, hash) = read.identify("drive", "A").await.unwrap().unwrap();
    assert_eq!((id, hash), (DocumentId::from_bytes([3; 16]), document(1, "same").document.content_hash));
    assert_eq!(read.identify("DRIVE", "a").await.unwrap(), None);
}

pub(crate) async fn order_grows_and_survives_a_revision(store: &dyn Store) {
    let ana = user(store, 1).await;
    for number in [3, 1, 2] {
        put(store, &ana, &document(number, "x")).await;
    }
    put(store, &ana, &document(3, "y")).await;
    let mut read = read(store, &ana).await;
    let mut orders = Vec::new();
    for number in [3, 1, 2] {
        orders.push(read.document(DocumentId::from_bytes([number; 16])).await.unwrap().unwrap().order);
    }
    assert!(orders.is_sorted_by(|a, b| a < b), "{orders:?}");
}

pub(crate) async fn going_back_to_an_earlier_content_is_a_revision(store: &dyn Store) {
    let ana = user(store, 1).await;
    let id = put(store, &ana, &document(1, "one")).await;
    put(store, &ana, &document(1, "two")).await;
    let back =
        commit(store, &ana, async |write| write.put_document(&document(1, "one")).await.unwrap()).await;
    assert_eq!((back.status, back.id), (StoreStatus::Updated, id));
    assert_eq!(stored(store, &ana, id).await.revision, 3);
}

pub(crate) async fn a_revision_replaces_an_automatic_assignment(store: &dyn Store) {
    let ana = user(store, 1).await;
    let shoot = add_project(store, &ana, 5).await;
    let id = put(store, &ana, &document(1, "one")).await;
    let mut revised = document(1, "two");
    revised.document.assignment = assigned(shoot.id);
    put(store, &ana, &revised).await;
    assert_eq!(stored(store, &ana, id).await.project_id(), Some(shoot.id));
}

pub(crate) async fn an_assignment_comes_back_whole(store: &dyn Store) {
    let ana = user(store, 1).await;
    let shoot = add_project(store, &ana, 5).await;
    let id = put(store, &ana, &document(1, "one")).await;
    let whole = Assignment {
        confidence: 0.1 + 0.2,
        reason: "\"Alfama\" – é".into(),
        evidence: vec![Evidence {
            signal: Signal::Keyword,
            detail: "drone permit".into(),
            place: "subject".into(),
            weight: -f64::MIN_POSITIVE,
        }],
        alternatives: vec![Alternative {
            project_id: shoot.id,
            name: "Lisbon".into(),
            probability: 1.0 / 3.0,
        }],
        ..assigned(shoot.id)
    };
    let later = Timestamp::from_seconds(1_780_000_000);
    assert!(commit(store, &ana, async |write| write.set_assignment(id, &whole, later).await.unwrap()).await);
    let document = stored(store, &ana, id).await;
    assert_eq!((document.assignment, document.updated_at, document.created_at), (whole, later, NOW));
}

pub(crate) async fn times_before_the_epoch_and_of_a_microsecond_come_back(store: &dyn Store) {
    let ana = user(store, 1).await;
    for (number, micros) in (1..).zip([-1, 0, 1, -62_135_596_800_000_000, 253_402_300_799_999_999]) {
        let mut record = document(number, "x");
        record.document.occurred_at = Timestamp::from_micros(micros);
        let id = put(store, &ana, &record).await;
        assert_eq!(stored(store, &ana, id).await.occurred_at.as_micros(), micros);
    }
}

pub(crate) async fn counts_follow(store: &dyn Store) {
    let ana = user(store, 1).await;
    let counts = async || {
        let counts = read(store, &ana).await.counts().await.unwrap();
        (counts.documents, counts.chunks)
    };
    assert_eq!(counts().await, (0, 0));
    let id = put(store, &ana, &document(1, "one two three")).await;
    put(store, &ana, &document(20, "four")).await;
    assert_eq!(counts().await, (2, 4));
    put(store, &ana, &document(1, "five")).await;
    assert_eq!(counts().await, (2, 2));
    commit(store, &ana, async |write| write.delete_document(id, NOW).await.unwrap()).await;
    assert_eq!(counts().await, (1, 1));
}
