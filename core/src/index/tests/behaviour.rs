//! What each call does.

use super::*;
use crate::base::ErrorKind;
use crate::domain::ProjectFilter;

#[test]
fn finds_by_words_and_by_meaning_what_was_applied() {
    let folder = tempfile::tempdir().expect("folder");
    let index = open(folder.path());
    assert_eq!((index.level().position, found(&index, "drone")), (0, vec![]));
    let changes = vec![
        put(1, "lisbon shoot", &["the drone permit runs out", "oooo"]),
        put(2, "drone", &["invoice attached"]),
        put(3, "lunch", &["see you there"]),
    ];
    index.apply(changes, 3).expect("applies");
    assert_eq!(index.level().position, 3);
    assert_eq!((index.document_count(), index.chunk_count()), (3, 4));
    assert_eq!(found(&index, "drone"), [2, 1], "the title counts more");
    assert_eq!(found(&index, "lunch absent"), [3]);
    assert_eq!(found(&index, "absent"), [0_u64; 0]);
    assert_eq!(near(&index, "oo").first(), Some(&1));
    let hits = index.semantic(&embed("o"), &DocumentFilter::default(), 1).expect("searches");
    assert_eq!(hits.len(), 1);
    assert_eq!(hits[0].chunk, mail(1, "", &["", ""]).chunks[1].id, "the nearest passage");
    assert!(index.is_complete());
}

#[test]
fn a_hit_says_what_each_term_adds() {
    let folder = tempfile::tempdir().expect("folder");
    let index = open(folder.path());
    index.apply(vec![put(1, "a", &["b b c", "c"]), put(2, "x", &["c"])], 1).expect("applies");
    let mut asked = query("b missing c");
    asked.terms.push(QueryTerm { text: "b".into(), weight: 0.5 });
    let hits = index.lexical(&asked, &DocumentFilter::default(), 10).expect("searches");
    let best = &hits[0];
    assert_eq!(best.terms.iter().map(|(term, _)| term.as_str()).collect::<Vec<_>>(), ["b", "c"]);
    let sum: f32 = best.terms.iter().map(|(_, adds)| adds).sum();
    assert!((sum - best.score).abs() < 1e-6);
    assert_eq!(best.chunk, mail(1, "", &[""]).chunks[0].id);
}

#[test]
fn phrases_must_match_and_exclusions_must_not_anywhere_in_the_document() {
    let folder = tempfile::tempdir().expect("folder");
    let index = open(folder.path());
    let changes = vec![
        put(1, "drone permit", &["about lisbon"]),
        put(2, "permit drone", &["drone permit and more", "an invoice for lisbon"]),
        put(3, "drone", &["permit", "drone or permit"]),
        put(4, "x", &["permit _ _ lisbon drone"]),
    ];
    index.apply(changes, 1).expect("applies");
    assert_eq!(found(&index, "\"drone permit\""), [1, 2], "not across title, text or chunks");
    assert_eq!(found(&index, "\"drone permit\" \"for lisbon\""), [2]);
    assert_eq!(found(&index, "permit \"lisbon\" -invoice"), [1, 4]);
    let mut gap = LexicalQuery::default();
    gap.phrases.push(vec![IndexTerm::new("permit", 7), IndexTerm::new("lisbon", 10)]);
    let hits = index.lexical(&gap, &DocumentFilter::default(), 10).expect("searches");
    assert_eq!(hits.iter().map(|hit| hit.order).collect::<Vec<_>>(), [4], "gaps count");
    assert_eq!(hits[0].terms[0].0, "permit lisbon");
    let mut not_phrase = query("drone");
    not_phrase.excluded.push(terms("drone permit"));
    let hits = index.lexical(&not_phrase, &DocumentFilter::default(), 10).expect("searches");
    assert_eq!(hits.iter().map(|hit| hit.order).collect::<Vec<_>>(), [3, 4]);
}

#[test]
fn filters_narrow_both_sides() {
    let folder = tempfile::tempdir().expect("folder");
    let index = open(folder.path());
    let mut upload = mail(2, "plan", &["plan"]);
    upload.source = "upload".into();
    upload.kind = DocumentType::Spreadsheet;
    upload.project = Some(project_id(9));
    index
        .apply(vec![put(1, "plan", &["plan"]), IndexChange::Put(upload), put(3, "plan", &["plan"])], 1)
        .expect("applies");
    let cases = [
        (DocumentFilter { project: Some(ProjectFilter::Is(project_id(9))), ..Default::default() }, vec![2]),
        (DocumentFilter { project: Some(ProjectFilter::Unassigned), ..Default::default() }, vec![1, 3]),
        (DocumentFilter { kind: Some(DocumentType::Email), ..Default::default() }, vec![1, 3]),
        (DocumentFilter { source: Some("upload".into()), ..Default::default() }, vec![2]),
        (
            DocumentFilter { since: Some(Timestamp::from_seconds(2 * 86_400)), ..Default::default() },
            vec![2, 3],
        ),
        (DocumentFilter { until: Some(Timestamp::from_seconds(2 * 86_400)), ..Default::default() }, vec![1]),
    ];
    for (filter, expected) in cases {
        assert_eq!(found_among(&index, "plan", &filter), expected, "{filter:?}");
        let hits = index.semantic(&embed("a"), &filter, 10).expect("searches");
        assert_eq!(hits.iter().map(|hit| hit.order).collect::<Vec<_>>(), expected, "{filter:?}");
    }
}

#[test]
fn moves_deletes_and_replacements_last() {
    let folder = tempfile::tempdir().expect("folder");
    let in_project = DocumentFilter { project: Some(ProjectFilter::Is(project_id(5))), ..Default::default() };
    let check = |index: &TenantIndex| {
        assert_eq!(found_among(index, "word", &in_project), [1]);
        assert_eq!(found(index, "word"), [1]);
        assert_eq!(found(index, "new"), [3]);
        assert_eq!(found(index, "old"), [0_u64; 0]);
        assert_eq!(near(index, "aeio").len(), 2);
        assert_eq!((index.document_count(), index.chunk_count(), index.level().position), (2, 2, 8));
        assert!(index.is_complete());
    };
    {
        let index = open(folder.path());
        index
            .apply(vec![put(1, "", &["word a"]), put(2, "", &["word"]), put(3, "", &["old", "old"])], 3)
            .expect("applies");
        index
            .apply(vec![IndexChange::Move { document: document_id(1), project: Some(project_id(5)) }], 4)
            .expect("applies");
        index
            .apply(vec![IndexChange::Delete(document_id(2)), IndexChange::Delete(document_id(77))], 6)
            .expect("applies");
        index
            .apply(
                vec![IndexChange::Move { document: document_id(88), project: None }, put(3, "", &["new e"])],
                7,
            )
            .expect("applies");
        index.apply(vec![], 8).expect("applies");
        check(&index);
        index.release_writer();
        check(&index);
    }
    let index = open(folder.path());
    check(&index);
    index.compact().expect("compacts");
    check(&index);
    drop(index);
    check(&open(folder.path()));
}

#[test]
fn one_batch_may_change_a_document_more_than_once() {
    let folder = tempfile::tempdir().expect("folder");
    let index = open(folder.path());
    let id = document_id(1);
    let changes = vec![
        put(1, "", &["first"]),
        IndexChange::Move { document: id, project: Some(project_id(1)) },
        IndexChange::Delete(id),
        put(1, "", &["second"]),
        put(1, "", &["third", "more"]),
    ];
    index.apply(changes, 5).expect("applies");
    assert_eq!((found(&index, "first second"), found(&index, "third")), (vec![], vec![1]));
    assert_eq!((index.document_count(), index.chunk_count()), (1, 2));
    let unassigned = DocumentFilter { project: Some(ProjectFilter::Unassigned), ..Default::default() };
    assert_eq!(found_among(&index, "third", &unassigned), [1]);
}

#[test]
fn what_it_cannot_hold_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().expect("folder");
    let index = open(folder.path());
    let with_vector = |vector: Vec<f32>| {
        let mut document = mail(1, "", &["text"]);
        document.chunks[0].vector = Some(vector);
        index.apply(vec![put(2, "", &["text"]), IndexChange::Put(document)], 1).err().map(|e| e.kind())
    };
    assert_eq!(with_vector(vec![1.0; 3]), Some(ErrorKind::InvalidInput));
    assert_eq!(with_vector(vec![1.0, 2.0, f32::NAN, 0.0]), Some(ErrorKind::InvalidInput));
    assert_eq!(with_vector(vec![1.0, 2.0, f32::INFINITY, 0.0]), Some(ErrorKind::InvalidInput));
    assert_eq!((index.document_count(), index.level().position), (0, 0));
    let mut far = mail(1, "", &["text"]);
    far.title_terms.push(IndexTerm::new("far", u32::MAX));
    let error = index.apply(vec![IndexChange::Put(far)], 1).err().map(|e| e.kind());
    assert_eq!(error, Some(ErrorKind::LimitExceeded));
    let near = |vector: &[f32]| index.semantic(vector, &DocumentFilter::default(), 1).err().map(|e| e.kind());
    assert_eq!(near(&[f32::NAN; 4]), Some(ErrorKind::InvalidInput));
    assert_eq!(near(&[0.0; 5]), Some(ErrorKind::InvalidInput));
    let mut negative = query("a");
    negative.terms[0].weight = -1.0;
    assert!(index.lexical(&negative, &DocumentFilter::default(), 1).is_err());
    let many = query(&"a ".repeat(5_000));
    let error = index.lexical(&many, &DocumentFilter::default(), 1).err().map(|e| e.kind());
    assert_eq!(error, Some(ErrorKind::LimitExceeded));
}

#[test]
fn works_without_vectors_and_without_terms() {
    let folder = tempfile::tempdir().expect("folder");
    let index = TenantIndex::open(folder.path(), None, "", PATIENCE).expect("opens");
    let mut plain = mail(1, "title", &["word", ""]);
    plain.chunks.iter_mut().for_each(|chunk| chunk.vector = None);
    let empty = IndexedDocument { chunks: vec![], ..mail(2, "", &[]) };
    index.apply(vec![IndexChange::Put(plain), IndexChange::Put(empty)], 2).expect("applies");
    assert_eq!((found(&index, "word"), found(&index, "title")), (vec![1], vec![1]));
    assert_eq!((index.document_count(), index.chunk_count()), (2, 2));
    let error = index.semantic(&[], &DocumentFilter::default(), 1).err().map(|e| e.kind());
    assert_eq!(error, Some(ErrorKind::ModelMissing));
    assert!(index.is_complete());
}

#[test]
fn equal_scores_keep_the_order_of_ingestion_and_limits_cut_the_tail() {
    let folder = tempfile::tempdir().expect("folder");
    let index = open(folder.path());
    index
        .apply((0..50).rev().map(|n| put(n, "same", &["same aeio", "same aeio"])).collect(), 1)
        .expect("applies");
    let all: Vec<u64> = (0..50).collect();
    assert_eq!(found(&index, "same"), all);
    assert_eq!(near(&index, "aeio"), all);
    for limit in [0, 1, 7, 49] {
        let hits = index.lexical(&query("same"), &DocumentFilter::default(), limit).expect("searches");
        assert_eq!(hits.iter().map(|hit| hit.order).collect::<Vec<_>>(), all[..limit]);
        assert!(hits.iter().all(|hit| hit.chunk == mail(hit.order as u8, "", &[""]).chunks[0].id));
    }
}

#[test]
fn an_apply_for_each_mail_leaves_few_segments() {
    let folder = tempfile::tempdir().expect("folder");
    let index = open(folder.path());
    for number in 0..=200 {
        index.apply(vec![put(number, "t", &["word"])], u64::from(number) + 1).expect("applies");
    }
    index.release_writer();
    index.apply(vec![put(201, "t", &["word"])], 300).expect("applies");
    assert!(index.segment_count() < 40, "{}", index.segment_count());
    assert_eq!(found(&index, "word").len(), 100);
    assert!(index.is_complete());
}

#[test]
fn searches_run_while_changes_are_applied() {
    fn assert_send_sync<T: Send + Sync>() {}
    assert_send_sync::<TenantIndex>();
    let folder = tempfile::tempdir().expect("folder");
    let index = open(folder.path());
    index.apply(vec![put(0, "t", &["word", "word"])], 1).expect("applies");
    std::thread::scope(|threads| {
        for _ in 0..2 {
            threads.spawn(|| {
                while index.level().position < 40 {
                    let hits =
                        index.lexical(&query("word"), &DocumentFilter::default(), 10).expect("searches");
                    assert_eq!(hits.len(), 1, "never without, never doubled");
                    assert_eq!(near(&index, "o").len(), 1);
                }
            });
        }
        for position in 2..=40 {
            index.apply(vec![put(0, "t", &["word o", "word"])], position).expect("applies");
            if position % 10 == 0 {
                index.compact().expect("compacts");
            }
        }
    });
}
