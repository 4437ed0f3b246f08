use super::fixtures::{NOW, assigned, document, project, put, read, unassigned, user, write};
use crate::base::{DocumentId, Timestamp};
use crate::domain::{
    Assignment, ContentHash, Counts, DocumentFilter, DocumentType, PageRequest, ProjectFilter, Store,
    StoreStatus,
};

pub(crate) async fn the_same_content_is_a_no_op(store: &dyn Store) {
    let ana = user(store, 1).await;
    let id = put(store, &ana, &document(1, "one two")).await;
    let before = store.last_position(&ana).await.unwrap();
    let mut again = document(1, "one two");
    again.document.id = DocumentId::from_bytes([99; 16]);
    let mut write = write(store, &ana).await;
    let put = write.put_document(&again).await.unwrap();
    write.commit().await.unwrap();
    assert_eq!((put.status, put.id), (StoreStatus::Unchanged, id));
    assert_eq!(store.last_position(&ana).await.unwrap(), before);
}

pub(crate) async fn other_content_is_a_new_revision(store: &dyn Store) {
    let ana = user(store, 1).await;
    let id = put(store, &ana, &document(1, "one two")).await;
    let mut changed = document(1, "three");
    changed.document.id = DocumentId::from_bytes([99; 16]);
    changed.document.updated_at = Timestamp::from_seconds(1_780_000_000);
    assert_eq!(put(store, &ana, &changed).await, id);
    let mut read = read(store, &ana).await;
    let stored = read.document(id).await.unwrap().unwrap().document;
    assert_eq!((stored.revision, stored.text.as_str(), stored.created_at), (2, "three", NOW));
    let chunks = read.chunks(id).await.unwrap();
    assert_eq!(chunks.iter().map(|chunk| chunk.text.as_str()).collect::<Vec<_>>(), ["three"]);
    let nowhere = DocumentId::from_bytes([98; 16]);
    let passages = read.passages(&[(nowhere, chunks[0].id), (id, chunks[0].id)]).await.unwrap();
    assert_eq!(passages, [None, Some(chunks[0].clone())]);
}

pub(crate) async fn a_users_decision_survives_a_revision(store: &dyn Store) {
    let ana = user(store, 1).await;
    let id = put(store, &ana, &document(1, "one")).await;
    let mut decide = write(store, &ana).await;
    decide.insert_project(&project(5)).await.unwrap();
    let decision = Assignment::by_user(Some(project(5).id), Vec::new());
    assert!(decide.set_assignment(id, &decision, NOW).await.unwrap());
    decide.commit().await.unwrap();
    put(store, &ana, &document(1, "two")).await;
    let stored = read(store, &ana).await.document(id).await.unwrap().unwrap().document;
    assert_eq!((stored.text.as_str(), stored.assignment), ("two", decision));
}

pub(crate) async fn documents_of_others_do_not_exist(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    let id = put(store, &ana, &document(1, "one")).await;
    let chunk = read(store, &ana).await.chunks(id).await.unwrap()[0].id;
    let mut theirs = write(store, &joao).await;
    assert!(theirs.document(id).await.unwrap().is_none());
    assert!(theirs.identify("test", "item 1").await.unwrap().is_none());
    assert!(theirs.chunks(id).await.unwrap().is_empty());
    assert_eq!(theirs.passages(&[(id, chunk)]).await.unwrap(), [None]);
    assert!(theirs.delete_document(id, NOW).await.unwrap().is_empty());
    assert!(!theirs.set_assignment(id, &unassigned(), NOW).await.unwrap());
    let all = theirs.documents(&DocumentFilter::default(), &PageRequest::default()).await.unwrap();
    assert!(all.items.is_empty());
    assert_eq!(theirs.counts().await.unwrap(), Counts::default());
    assert!(theirs.changes_after(0, 100).await.unwrap().is_empty());
    drop(theirs);
    assert_eq!(store.last_position(&joao).await.unwrap(), 0);
    let hash = ContentHash::of(b"one");
    let mut ours = write(store, &ana).await;
    ours.put_vectors("m", &[(hash, vec![1.0])]).await.unwrap();
    ours.commit().await.unwrap();
    assert_eq!(read(store, &joao).await.vectors("m", &[hash]).await.unwrap(), [None]);
}

pub(crate) async fn lists_filter_and_page(store: &dyn Store) {
    let ana = user(store, 1).await;
    let mut setup = write(store, &ana).await;
    setup.insert_project(&project(5)).await.unwrap();
    setup.commit().await.unwrap();
    for number in 1..=5 {
        let mut record = document(number, "x");
        record.document.occurred_at = Timestamp::from_seconds(i64::from(number));
        if number % 2 == 0 {
            record.document.kind = DocumentType::Email;
            record.document.source = "mail".into();
            record.document.assignment = assigned(project(5).id);
        }
        put(store, &ana, &record).await;
    }
    let titles = async |filter: DocumentFilter| {
        let page = read(store, &ana).await.documents(&filter, &PageRequest::default()).await.unwrap();
        page.items.iter().map(|document| document.title[6..].to_owned()).collect::<Vec<_>>().join(" ")
    };
    let all = DocumentFilter::default;
    assert_eq!(titles(all()).await, "5 4 3 2 1");
    assert_eq!(
        titles(DocumentFilter { project: Some(ProjectFilter::Is(project(5).id)), ..all() }).await,
        "4 2"
    );
    assert_eq!(titles(DocumentFilter { project: Some(ProjectFilter::Unassigned), ..all() }).await, "5 3 1");
    assert_eq!(titles(DocumentFilter { kind: Some(DocumentType::Email), ..all() }).await, "4 2");
    assert_eq!(titles(DocumentFilter { source: Some("test".into()), ..all() }).await, "5 3 1");
    let (since, until) = (Some(Timestamp::from_seconds(2)), Some(Timestamp::from_seconds(4)));
    assert_eq!(titles(DocumentFilter { since, until, ..all() }).await, "3 2");

    let mut request = PageRequest { size: 2, after: None };
    let mut sizes = Vec::new();
    loop {
        let page = read(store, &ana).await.documents(&all(), &request).await.unwrap();
        sizes.push(page.items.len());
        request.after = page.next;
        if request.after.is_none() {
            break;
        }
    }
    assert_eq!(sizes, [2, 2, 1]);
}

pub(crate) async fn deleting_takes_attachments_chunks_and_unneeded_vectors(store: &dyn Store) {
    let ana = user(store, 1).await;
    let mail = put(store, &ana, &document(1, "only shared")).await;
    put(store, &ana, &document(20, "shared")).await;
    let mut attachment = document(10, "note");
    attachment.document.parent_id = Some(mail);
    let attachment = put(store, &ana, &attachment).await;
    let hashes = ["only", "shared", "note"].map(|word| ContentHash::of(word.as_bytes()));
    let mut remember = write(store, &ana).await;
    remember.put_vectors("m", &hashes.map(|hash| (hash, vec![0.5, -1.0]))).await.unwrap();
    remember.commit().await.unwrap();
    let mut delete = write(store, &ana).await;
    assert_eq!(delete.attachments_of(mail).await.unwrap().len(), 1);
    assert_eq!(delete.delete_document(mail, NOW).await.unwrap(), [attachment, mail]);
    delete.commit().await.unwrap();
    let mut read = read(store, &ana).await;
    assert_eq!(read.vectors("m", &hashes).await.unwrap(), [None, Some(vec![0.5, -1.0]), None]);
    assert_eq!(read.counts().await.unwrap(), Counts { documents: 1, chunks: 1 });
}

pub(crate) async fn vectors_are_shared_by_content_and_apart_by_model(store: &dyn Store) {
    let ana = user(store, 1).await;
    let (known, unknown) = (ContentHash::of(b"a"), ContentHash::of(b"b"));
    let mut write = write(store, &ana).await;
    let vector = vec![f32::MIN_POSITIVE, -0.0, 1.0 / 3.0];
    write.put_vectors("m", &[(known, vector.clone())]).await.unwrap();
    write.put_vectors("m", &[(known, vector.clone())]).await.unwrap();
    write.commit().await.unwrap();
    let mut read = read(store, &ana).await;
    let found = read.vectors("m", &[unknown, known, known]).await.unwrap();
    assert_eq!(found, [None, Some(vector.clone()), Some(vector)]);
    assert_eq!(read.vectors("other", &[known]).await.unwrap(), [None]);
}

pub(crate) async fn what_is_not_committed_never_was(store: &dyn Store) {
    let ana = user(store, 1).await;
    let mut write = write(store, &ana).await;
    write.put_document(&document(1, "one")).await.unwrap();
    drop(write);
    let mut read = read(store, &ana).await;
    assert_eq!(read.counts().await.unwrap(), Counts::default());
    assert!(read.changes_after(0, 10).await.unwrap().is_empty());
}

pub(crate) async fn one_identity_per_tenant(store: &dyn Store) {
    let (ana, joao) = (user(store, 1).await, user(store, 2).await);
    put(store, &ana, &document(1, "one")).await;
    let mut theirs = document(1, "one");
    theirs.document.id = DocumentId::from_bytes([77; 16]);
    theirs.chunks[0].id = crate::base::ChunkId::from_bytes([77; 16]);
    assert_eq!(put(store, &joao, &theirs).await, theirs.document.id);
}
