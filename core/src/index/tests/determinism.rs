//! The same documents give the same bytes, whatever way led there.

use super::*;

const TEXTS: [&str; 12] = [
    "drone permit lisbon",
    "permit for the drone in alfama",
    "lunch on friday with the crew in lisbon",
    "invoice for the drone rental drone drone",
    "crew list and call sheet",
    "alfama location permit signed",
    "the the the drone",
    "friday call sheet",
    "lisbon lisbon crew",
    "rental invoice paid on friday",
    "sheet",
    "signed permit and paid invoice for alfama in lisbon",
];

fn documents() -> Vec<IndexedDocument> {
    (0..60)
        .map(|n| {
            let text = |step: usize| TEXTS[(n * 5 + step * 7 + n / 12) % TEXTS.len()];
            let chunks: Vec<&str> = (0..n % 4 + 1).map(text).collect();
            mail(n as u8, text(9), &chunks)
        })
        .collect()
}

/// Everything that searches answer, to the last bit.
fn answers(index: &TenantIndex) -> String {
    let mut answers = String::new();
    let since = DocumentFilter { since: Some(Timestamp::from_seconds(20 * 86_400)), ..Default::default() };
    for filter in [DocumentFilter::default(), since] {
        for text in
            ["drone", "permit lisbon friday", "\"call sheet\"", "crew -invoice", "the in on for \"alfama\""]
        {
            for hit in index.lexical(&query(text), &filter, 25).expect("searches") {
                let terms: Vec<_> = hit.terms.iter().map(|(term, adds)| (term, adds.to_bits())).collect();
                answers += &format!("{} {} {:08x} {terms:?}\n", hit.document, hit.chunk, hit.score.to_bits());
            }
            for hit in index.semantic(&embed(text), &filter, 25).expect("searches") {
                answers += &format!("{} {} {:08x}\n", hit.document, hit.chunk, hit.score.to_bits());
            }
        }
    }
    answers
}

fn put_all(index: &TenantIndex, documents: impl IntoIterator<Item = IndexedDocument>, position: u64) {
    index.apply(documents.into_iter().map(IndexChange::Put).collect(), position).expect("applies");
}

#[test]
fn batches_order_replacements_deletions_and_merges_leave_no_trace() {
    let folder = |_| tempfile::tempdir().expect("folder");
    let folders: Vec<_> = (0..5).map(folder).collect();
    let at = |i: usize| open(folders[i].path());

    let at_once = at(0);
    put_all(&at_once, documents(), 1);
    let expected = answers(&at_once);
    assert!(expected.lines().count() > 200);

    let one_by_one = at(1);
    for document in documents() {
        put_all(&one_by_one, [document], 1);
    }
    assert_eq!(answers(&one_by_one), expected, "one by one");

    let backwards = at(2);
    for batch in documents().rchunks(7) {
        put_all(&backwards, batch.iter().rev().cloned(), 1);
    }
    assert_eq!(answers(&backwards), expected, "backwards");
    backwards.merge_all().expect("merges");
    assert_eq!(backwards.segment_count(), 1);
    assert_eq!(answers(&backwards), expected, "merged");

    let messy = at(3);
    put_all(&messy, (0..120).map(|n| mail(n, "noise drone", &["noise permit lisbon", "crew"])), 1);
    for (i, document) in documents().into_iter().enumerate() {
        if i % 3 == 0 {
            put_all(&messy, [mail(document.id.as_bytes()[0], "other", &["drone drone drone"])], 1);
        }
        put_all(&messy, [document], 1);
    }
    messy.apply((60..120).map(|n| IndexChange::Delete(document_id(n))).collect(), 2).expect("applies");
    assert_eq!(answers(&messy), expected, "after noise");
    messy.merge_all().expect("merges");
    messy.compact().expect("compacts");
    assert_eq!(answers(&messy), expected, "after noise, merged and compacted");
    drop(messy);
    assert_eq!(answers(&at(3)), expected, "after noise, opened again");
}
