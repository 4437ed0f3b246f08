//! Lists of documents: pages, filters and what happens meanwhile.

use super::fixtures::{
    NOW, add_project, assigned, commit, document, listed, page, put, read, unassigned, user,
};
use crate::base::{DocumentId, ProjectId, Scope, Timestamp};
use crate::domain::{DocumentFilter, DocumentType, ProjectFilter, Store};

const EVERYTHING: DocumentFilter =
    DocumentFilter { project: None, kind: None, source: None, since: None, until: None };

async fn several(store: &dyn Store, scope: &Scope, numbers: std::ops::RangeInclusive<u8>) {
    for number in numbers {
        put(store, scope, &document(number, "x")).await;
    }
}

pub(crate) async fn an_empty_list_is_one_empty_page(store: &dyn Store) {
    let ana = user(store, 1).await;
    let found = read(store, &ana).await.documents(&EVERYTHING, &page(1, None)).await.unwrap();
    assert_eq!((found.items.len(), found.next), (0, None));
}

pub(crate) async fn a_list_that_fills_its_page_has_no_next(store: &dyn Store) {
    let ana = user(store, 1).await;
    several(store, &ana, 1..=4).await;
    assert_eq!(listed(store, &ana, &EVERYTHING, 4).await, "4 3 2 1");
    assert_eq!(listed(store, &ana, &EVERYTHING, 2).await, "4 3 | 2 1");
    assert_eq!(listed(store, &ana, &EVERYTHING, 3).await, "4 3 2 | 1");
    assert_eq!(listed(store, &ana, &EVERYTHING, 1).await, "4 | 3 | 2 | 1");
    assert_eq!(listed(store, &ana, &EVERYTHING, 1000).await, "4 3 2 1");
}

pub(crate) async fn a_page_after_the_end_is_empty(store: &dyn Store) {
    let ana = user(store, 1).await;
    several(store, &ana, 1..=2).await;
    let next = read(store, &ana).await.documents(&EVERYTHING, &page(1, None)).await.unwrap().next;
    let first = DocumentId::from_bytes([1; 16]);
    commit(store, &ana, async |write| write.delete_document(first, NOW).await.unwrap()).await;
    let after = read(store, &ana).await.documents(&EVERYTHING, &page(1, next)).await.unwrap();
    assert_eq!((after.items.len(), after.next), (0, None));
}

pub(crate) async fn what_is_stored_meanwhile_does_not_disturb_a_walk(store: &dyn Store) {
    let ana = user(store, 1).await;
    several(store, &ana, 1..=4).await;
    let first = read(store, &ana).await.documents(&EVERYTHING, &page(2, None)).await.unwrap();
    several(store, &ana, 5..=6).await;
    put(store, &ana, &document(2, "revised")).await;
    let second = read(store, &ana).await.documents(&EVERYTHING, &page(2, first.next)).await.unwrap();
    let titles: Vec<_> = second.items.iter().map(|document| document.title.as_str()).collect();
    assert_eq!((titles, second.next), (vec!["title 2", "title 1"], None));
}

pub(crate) async fn what_is_deleted_meanwhile_does_not_disturb_a_walk(store: &dyn Store) {
    let ana = user(store, 1).await;
    several(store, &ana, 1..=5).await;
    let first = read(store, &ana).await.documents(&EVERYTHING, &page(2, None)).await.unwrap();
    for number in [4, 3] {
        let id = DocumentId::from_bytes([number; 16]);
        commit(store, &ana, async |write| write.delete_document(id, NOW).await.unwrap()).await;
    }
    let second = read(store, &ana).await.documents(&EVERYTHING, &page(2, first.next)).await.unwrap();
    assert_eq!(
        second.items.iter().map(|document| &*document.title).collect::<Vec<_>>(),
        ["title 2", "title 1"]
    );
}

pub(crate) async fn a_walk_keeps_to_its_filter(store: &dyn Store) {
    let ana = user(store, 1).await;
    for number in 1..=9 {
        let mut record = document(number, "x");
        record.document.source = if number % 2 == 0 { "even" } else { "odd" }.into();
        put(store, &ana, &record).await;
    }
    let even = DocumentFilter { source: Some("even".into()), ..EVERYTHING };
    assert_eq!(listed(store, &ana, &even, 3).await, "8 6 4 | 2");
    assert_eq!(listed(store, &ana, &even, 2).await, "8 6 | 4 2");
}

pub(crate) async fn conditions_combine(store: &dyn Store) {
    let ana = user(store, 1).await;
    let shoot = add_project(store, &ana, 50).await;
    // Each number from 0 to 15 has or lacks each of four features by its bits.
    for number in 0..16_u8 {
        let mut record = document(number, "x");
        let given = &mut record.document;
        given.assignment = if number & 1 == 0 { unassigned() } else { assigned(shoot.id) };
        given.kind = if number & 2 == 0 { DocumentType::Document } else { DocumentType::Email };
        given.source = if number & 4 == 0 { "a" } else { "b" }.into();
        given.occurred_at = Timestamp::from_seconds(if number & 8 == 0 { 10 } else { 20 });
        put(store, &ana, &record).await;
    }
    let at = |seconds| Some(Timestamp::from_seconds(seconds));
    let all = DocumentFilter {
        project: Some(ProjectFilter::Is(shoot.id)),
        kind: Some(DocumentType::Email),
        source: Some("b".into()),
        since: at(20),
        until: at(21),
    };
    assert_eq!(listed(store, &ana, &all, 100).await, "15");
    let without = [
        (DocumentFilter { project: None, ..all.clone() }, "15 14"),
        (DocumentFilter { project: Some(ProjectFilter::Unassigned), ..all.clone() }, "14"),
        (DocumentFilter { kind: None, ..all.clone() }, "15 13"),
        (DocumentFilter { source: None, ..all.clone() }, "15 11"),
        (DocumentFilter { since: None, ..all.clone() }, "15 7"),
        (DocumentFilter { until: at(20), ..all.clone() }, ""),
        (DocumentFilter { since: None, until: at(20), ..all }, "7"),
    ];
    for (filter, expected) in without {
        assert_eq!(listed(store, &ana, &filter, 100).await, expected, "{filter:?}");
    }
}

pub(crate) async fn a_span_has_its_beginning_and_not_its_end(store: &dyn Store) {
    let ana = user(store, 1).await;
    for number in 1..=3 {
        let mut record = document(number, "x");
        record.document.occurred_at = Timestamp::from_micros(i64::from(number));
        put(store, &ana, &record).await;
    }
    let span = |since: Option<i64>, until: Option<i64>| DocumentFilter {
        since: since.map(Timestamp::from_micros),
        until: until.map(Timestamp::from_micros),
        ..EVERYTHING
    };
    for (since, until, expected) in [
        (Some(2), None, "3 2"),
        (None, Some(2), "1"),
        (Some(2), Some(3), "2"),
        (Some(2), Some(2), ""),
        (Some(3), Some(1), ""),
        (Some(-62_135_596_800_000_000), Some(253_402_300_799_999_999), "3 2 1"),
    ] {
        assert_eq!(listed(store, &ana, &span(since, until), 10).await, expected, "{since:?} {until:?}");
    }
}

pub(crate) async fn a_source_is_no_pattern(store: &dyn Store) {
    let ana = user(store, 1).await;
    several(store, &ana, 1..=2).await;
    for (source, expected) in [("test", "2 1"), ("TEST", ""), ("te%", ""), ("t_st", ""), ("", "")] {
        let filter = DocumentFilter { source: Some(source.into()), ..EVERYTHING };
        assert_eq!(listed(store, &ana, &filter, 10).await, expected, "{source:?}");
    }
}

pub(crate) async fn a_project_of_nobody_or_of_others_has_no_documents(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    let shoot = add_project(store, &ana, 50).await;
    let mut record = document(1, "x");
    record.document.assignment = assigned(shoot.id);
    put(store, &ana, &record).await;
    put(store, &joao, &document(30, "y")).await;
    for id in [shoot.id, ProjectId::from_bytes([99; 16])] {
        let filter = DocumentFilter { project: Some(ProjectFilter::Is(id)), ..EVERYTHING };
        assert_eq!(listed(store, &joao, &filter, 10).await, "");
    }
}

pub(crate) async fn a_cursor_of_anothers_list_shows_ones_own_rows_only(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    put(store, &joao, &document(30, "y")).await;
    several(store, &ana, 1..=3).await;
    put(store, &joao, &document(31, "z")).await;
    let hers = read(store, &ana).await.documents(&EVERYTHING, &page(2, None)).await.unwrap().next;
    let seen = read(store, &joao).await.documents(&EVERYTHING, &page(10, hers)).await.unwrap();
    assert_eq!(seen.items.iter().map(|document| &*document.title).collect::<Vec<_>>(), ["title 30"]);
}

pub(crate) async fn a_document_moves_between_lists(store: &dyn Store) {
    let ana = user(store, 1).await;
    let shoot = add_project(store, &ana, 50).await;
    several(store, &ana, 1..=2).await;
    let first = DocumentId::from_bytes([1; 16]);
    let inside = DocumentFilter { project: Some(ProjectFilter::Is(shoot.id)), ..EVERYTHING };
    let outside = DocumentFilter { project: Some(ProjectFilter::Unassigned), ..EVERYTHING };
    for (assignment, lists) in [(assigned(shoot.id), ("1", "2")), (unassigned(), ("", "2 1"))] {
        commit(store, &ana, async |write| write.set_assignment(first, &assignment, NOW).await.unwrap()).await;
        let seen = (listed(store, &ana, &inside, 9).await, listed(store, &ana, &outside, 9).await);
        assert_eq!((seen.0.as_str(), seen.1.as_str()), lists);
    }
}

pub(crate) async fn attachments_are_listed_like_all_documents(store: &dyn Store) {
    let ana = user(store, 1).await;
    let mail = put(store, &ana, &document(1, "x")).await;
    let mut attachment = document(2, "y");
    attachment.document.parent_id = Some(mail);
    put(store, &ana, &attachment).await;
    assert_eq!(listed(store, &ana, &EVERYTHING, 9).await, "2 1");
}
