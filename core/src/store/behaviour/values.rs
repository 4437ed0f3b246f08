use super::fixtures::{NOW, document, project, put, read, unassigned, user, write};
use crate::base::{ProjectId, Timestamp};
use crate::domain::{
    Alternative, Assignment, AttachmentFacts, Automatic, Chunk, ContentHash, Document, DocumentRecord,
    Evidence, MailDetails, MailFacts, Mailbox, ProjectFields, Signal, Store, ThreadClue,
};

/// Texts in which databases and their drivers have found something special.
const TEXTS: [&str; 14] = [
    "",
    " ",
    "\u{feff}byte order mark",
    "e\u{301} and é",
    "👩‍👩‍👧 🇵🇹",
    "שלום \u{200f}\u{200e}",
    "\u{ffff} \u{10ffff} \u{1} \u{7f}",
    "line\nline\r\nline\t",
    "'; DROP TABLE documents; --",
    "\"quoted\" {braces} [brackets] \\ \\\\ \\n",
    "NULL",
    "null",
    "$1 ? :name %s %% _",
    "{\"a\": 1}",
];

async fn stored(store: &dyn Store, record: &DocumentRecord) -> (Document, Vec<Chunk>) {
    let ana = user(store, 1).await;
    let id = put(store, &ana, record).await;
    let mut read = read(store, &ana).await;
    (read.document(id).await.unwrap().unwrap().document, read.chunks(id).await.unwrap())
}

pub(crate) async fn every_text_comes_back_as_written(store: &dyn Store) {
    let ana = user(store, 1).await;
    for (text, number) in TEXTS.into_iter().zip(1..) {
        let mut record = document(number, "x");
        record.document.text = text.into();
        record.document.title = text.into();
        record.document.author = Some(text.into());
        record.document.source_id = text.into();
        record.chunks[0].text = text.into();
        let id = put(store, &ana, &record).await;
        let mut read = read(store, &ana).await;
        assert_eq!(read.document(id).await.unwrap().unwrap().document, record.document, "{text:?}");
        assert_eq!(read.chunks(id).await.unwrap(), record.chunks, "{text:?}");
        assert_eq!(read.identify("test", text).await.unwrap().map(|(id, _)| id), Some(id), "{text:?}");
    }
}

pub(crate) async fn every_project_comes_back_as_written(store: &dyn Store) {
    let ana = user(store, 1).await;
    let lists = TEXTS.map(str::to_owned).to_vec();
    let mut written = project(1);
    written.fields = ProjectFields {
        description: TEXTS[9].into(),
        keywords: lists.clone(),
        tags: lists.clone(),
        categories: lists.clone(),
        people: lists.clone(),
        domains: lists.clone(),
        codes: lists,
        notes: TEXTS[7].into(),
        ..ProjectFields::named(TEXTS[4])
    };
    let mut write = write(store, &ana).await;
    write.insert_project(&written).await.unwrap();
    assert_eq!(write.project(written.id).await.unwrap(), Some(written.clone()));
    written.fields.people.reverse();
    written.fields.keywords.clear();
    written.updated_at = Timestamp::from_micros(NOW.as_micros() + 1);
    write.update_project(&written).await.unwrap();
    assert_eq!(write.project(written.id).await.unwrap(), Some(written));
}

pub(crate) async fn nul_is_stored_as_a_replacement_character(store: &dyn Store) {
    let mut record = document(1, "x");
    record.document.title = "a\0b".into();
    record.document.text = "\0".into();
    record.document.source_id = "i\0d".into();
    record.chunks[0].text = "c\0".into();
    let (document, chunks) = stored(store, &record).await;
    assert_eq!((document.title.as_str(), document.text.as_str()), ("a\u{fffd}b", "\u{fffd}"));
    assert_eq!((document.source_id.as_str(), chunks[0].text.as_str()), ("i\u{fffd}d", "c\u{fffd}"));
    let joao = user(store, 2).await;
    let mut write = write(store, &joao).await;
    let found = write.identify("test", "i\0d").await.unwrap();
    assert_eq!(found, None, "another's");
    let mut nul = project(2);
    nul.fields.people = vec!["a\0".into()];
    write.insert_project(&nul).await.unwrap();
    assert_eq!(write.project(nul.id).await.unwrap().unwrap().fields.people, ["a\u{fffd}"]);
    let clue = ThreadClue { message_ids: vec!["m\0".into()], ..ThreadClue::default() };
    write.join_thread("t\0", &clue).await.unwrap();
    assert_eq!(write.find_thread(&clue).await.unwrap().as_deref(), Some("t\u{fffd}"));
}

pub(crate) async fn nul_names_the_same_item_again(store: &dyn Store) {
    let ana = user(store, 1).await;
    let mut record = document(1, "x");
    record.document.source_id = "i\0d".into();
    let id = put(store, &ana, &record).await;
    assert_eq!(put(store, &ana, &record).await, id);
    assert_eq!(read(store, &ana).await.counts().await.unwrap().documents, 1);
}

pub(crate) async fn long_names_are_names(store: &dyn Store) {
    let ana = user(store, 1).await;
    // Not compressible, so longer than what a page of an index holds.
    let long: String = (0..400_u32).map(|n| ContentHash::of(&n.to_le_bytes()).to_string()).collect();
    let mut record = document(1, "x");
    record.document.source_id.clone_from(&long);
    record.document.thread_id = Some(long.clone());
    let id = put(store, &ana, &record).await;
    let clue =
        ThreadClue { message_ids: vec![long.clone()], own_subject: Some(long.clone()), reply_subject: None };
    let mut write = write(store, &ana).await;
    write.join_thread(&long, &clue).await.unwrap();
    let reply = ThreadClue { reply_subject: Some(long.clone()), ..ThreadClue::default() };
    assert_eq!(write.find_thread(&clue).await.unwrap().as_deref(), Some(long.as_str()));
    assert_eq!(write.find_thread(&reply).await.unwrap().as_deref(), Some(long.as_str()));
    assert_eq!(write.identify("test", &long).await.unwrap().map(|(id, _)| id), Some(id));
    assert_eq!(write.thread_assignments(&long).await.unwrap().len(), 1);
    assert_eq!(
        write
            .find_thread(&ThreadClue { message_ids: vec![long[1..].into()], ..ThreadClue::default() })
            .await
            .unwrap(),
        None
    );
}

pub(crate) async fn times_keep_their_microseconds(store: &dyn Store) {
    let ana = user(store, 1).await;
    let times = [
        0,
        -1,
        1,
        1_770_000_000_123_456,
        -62_135_596_800_000_000,
        253_402_300_799_999_999,
        946_684_800_000_000,
        9_007_199_254_740_993,
    ];
    for (micros, number) in times.into_iter().zip(1..) {
        let time = Timestamp::from_micros(micros);
        let mut record = document(number, "x");
        record.document.occurred_at = time;
        record.document.created_at = time;
        record.document.updated_at = time;
        let id = put(store, &ana, &record).await;
        let mut read = read(store, &ana).await;
        assert_eq!(read.document(id).await.unwrap().unwrap().document, record.document, "{time}");
        assert_eq!(read.changes_after(0, 100).await.unwrap().last().unwrap().at, time);
    }
}

pub(crate) async fn assignments_keep_every_bit(store: &dyn Store) {
    let ana = user(store, 1).await;
    let numbers = [
        0.1,
        1.0 / 3.0,
        f64::MIN_POSITIVE,
        1.0 - f64::EPSILON / 2.0,
        -0.0,
        0.0,
        1e-300,
        123_456_789.123_456_78,
    ];
    for (number, n) in numbers.into_iter().zip(1..) {
        let mut record = document(n, "x");
        record.document.assignment = Assignment {
            confidence: number,
            reason: TEXTS[9].into(),
            evidence: vec![Evidence {
                signal: Signal::Keyword,
                detail: "\0".into(),
                place: TEXTS[6].into(),
                weight: -number,
            }],
            alternatives: vec![Alternative {
                project_id: ProjectId::from_bytes([9; 16]),
                name: TEXTS[4].into(),
                probability: number,
            }],
            ..unassigned()
        };
        let id = put(store, &ana, &record).await;
        let kept = read(store, &ana).await.document(id).await.unwrap().unwrap().document.assignment;
        let bits = |a: &Assignment| {
            [a.confidence, a.evidence[0].weight, a.alternatives[0].probability].map(f64::to_bits)
        };
        assert_eq!(bits(&kept), bits(&record.document.assignment), "{number}");
        assert_eq!(kept, record.document.assignment);
    }
}

pub(crate) async fn many_vectors_come_back_in_order(store: &dyn Store) {
    let ana = user(store, 1).await;
    let hash = |n: u32| ContentHash::of(&n.to_le_bytes());
    let all: Vec<(ContentHash, Vec<f32>)> = (0..2_500_u32).map(|n| (hash(n), vec![n as f32])).collect();
    let mut write = write(store, &ana).await;
    write.put_vectors("m", &all).await.unwrap();
    let asked: Vec<ContentHash> = (0..2_600).rev().map(hash).collect();
    let found = write.vectors("m", &asked).await.unwrap();
    let expected: Vec<Option<Vec<f32>>> =
        (0..2_600_u32).rev().map(|n| (n < 2_500).then(|| vec![n as f32])).collect();
    assert!(found == expected);
}

pub(crate) async fn empty_lists_are_fine(store: &dyn Store) {
    let ana = user(store, 1).await;
    let mut record = document(1, "");
    record.chunks.clear();
    let id = put(store, &ana, &record).await;
    let mut write = write(store, &ana).await;
    write.put_vectors("m", &[]).await.unwrap();
    assert_eq!(write.vectors("m", &[]).await.unwrap(), Vec::<Option<Vec<f32>>>::new());
    assert!(write.chunks(id).await.unwrap().is_empty());
    write.join_thread("t", &ThreadClue::default()).await.unwrap();
    assert_eq!(write.find_thread(&ThreadClue::default()).await.unwrap(), None);
    assert_eq!(write.delete_document(id, NOW).await.unwrap(), [id]);
}

pub(crate) async fn an_empty_text_is_not_a_missing_one(store: &dyn Store) {
    let mut record = document(1, "x");
    record.document.author = Some(String::new());
    record.document.thread_id = Some(String::new());
    let (document, _) = stored(store, &record).await;
    assert_eq!((document.author.as_deref(), document.thread_id.as_deref()), (Some(""), Some("")));
}

pub(crate) async fn mail_comes_back_as_written(store: &dyn Store) {
    let mailbox =
        |name: Option<&str>| Mailbox { name: name.map(str::to_owned), address: "a@x.example".into() };
    let mut record = document(1, "x");
    record.document.mail = Some(MailDetails {
        facts: MailFacts {
            message_id: Some("m\0@x".into()),
            from: vec![mailbox(Some("\"Zé\""))],
            to: vec![mailbox(None), mailbox(Some(""))],
            date: Some(NOW),
            references: vec!["a".into(), "b".into()],
            automatic: vec![Automatic::List, Automatic::Spam],
            ..MailFacts::default()
        },
        attachments: vec![AttachmentFacts {
            name: "a.pdf".into(),
            media_type: "application/pdf".into(),
            size: u64::MAX,
            sha256: "00".into(),
        }],
        quoted: "> x\n".into(),
        signature: "-- ".into(),
    });
    let (document, _) = stored(store, &record).await;
    assert_eq!(document.mail, record.document.mail);
}
