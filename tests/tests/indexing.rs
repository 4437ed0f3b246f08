//! Indexes that follow what is stored while nobody searches.

use std::path::Path;
use std::time::{Duration, Instant};

use besunny::{Location, NewDocument, OpenOptions, SearchRequest, UserHandle, Workspace};
use besunny_test_postgres::server;

/// How long anything may take before it counts as never.
const PATIENCE: Duration = Duration::from_secs(60);

async fn open(location: impl Into<Location>, index: &Path, in_background: bool) -> Workspace {
    let mut options = OpenOptions::default();
    options.model = Some("".into());
    options.index_folder = Some(index.to_owned());
    options.background_indexing = in_background;
    Workspace::open(location, options).await.expect("opens")
}

async fn store(me: &UserHandle, count: usize) {
    for number in 0..count {
        let content = format!("Call sheet {number}: the crane is on the roof").into_bytes();
        me.documents().ingest(NewDocument { content, ..NewDocument::default() }).await.expect("is stored");
    }
}

/// Waits until the index is level. Asking for it applies nothing.
async fn until_level(workspace: &Workspace) {
    let begun = Instant::now();
    loop {
        let status = workspace.status().await.expect("a status");
        if status.documents > 0 && status.index_position == status.log_position {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "the index stays behind: {status:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_is_indexed_though_nobody_searches() {
    let (folder, database) = (tempfile::tempdir().expect("a folder"), server().database(None));
    for location in [Location::from(folder.path().join("workspace")), Location::from(database.url())] {
        let index = tempfile::tempdir().expect("a folder");
        let workspace = open(location, index.path(), true).await;
        workspace.users().create("ana", None).await.expect("creates");
        let me = workspace.user("ana").await.expect("a user");
        for count in [1, 30] {
            store(&me, count).await;
            until_level(&workspace).await;
        }
        workspace.close().await.expect("closes");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_is_open_follows_other_processes() {
    let database = server().database(None);
    let (near, far) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let reader = open(database.url(), near.path(), true).await;
    let writer = open(database.url(), far.path(), false).await;
    writer.users().create("ana", None).await.expect("creates");
    let me = reader.user("ana").await.expect("a user");
    assert!(me.search(SearchRequest::new("crane")).await.expect("searches").is_empty());
    store(&writer.user("ana").await.expect("a user"), 20).await;
    until_level(&reader).await;
    reader.close().await.expect("closes");
    writer.close().await.expect("closes");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_it_only_a_search_applies_changes() {
    let (folder, index) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let workspace = open(folder.path().join("workspace"), index.path(), false).await;
    workspace.users().create("ana", None).await.expect("creates");
    let me = workspace.user("ana").await.expect("a user");
    store(&me, 3).await;
    // Longer than it takes with it.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(workspace.status().await.expect("a status").index_position, 0);
    assert_eq!(me.search(SearchRequest::new("crane")).await.expect("searches").len(), 3);
    let status = workspace.status().await.expect("a status");
    assert_eq!(status.index_position, status.log_position);
    workspace.close().await.expect("closes");
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_does_not_wait_for_what_is_outstanding_and_loses_nothing() {
    let (folder, index) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let location = folder.path().join("workspace");
    let workspace = open(location.as_path(), index.path(), true).await;
    workspace.users().create("ana", None).await.expect("creates");
    store(&workspace.user("ana").await.expect("a user"), 200).await;
    workspace.close().await.expect("closes");
    let workspace = open(location.as_path(), index.path(), true).await;
    let mut request = SearchRequest::new("crane");
    request.limit = 1000;
    let me = workspace.user("ana").await.expect("a user");
    assert_eq!(me.search(request).await.expect("searches").len(), 200);
    assert!(workspace.check(false).await.expect("a check").is_clean());
    workspace.close().await.expect("closes");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_of_a_later_database_is_made_anew() {
    let (folder, index) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let (location, backup) = (folder.path().join("workspace"), folder.path().join("backup"));
    let restored = folder.path().join("restored");
    let workspace = open(location.as_path(), index.path(), true).await;
    workspace.users().create("ana", None).await.expect("creates");
    let me = workspace.user("ana").await.expect("a user");
    store(&me, 2).await;
    workspace.backup(&backup).await.expect("a backup");
    store(&me, 20).await;
    until_level(&workspace).await;
    workspace.close().await.expect("closes");

    besunny::Workspace::restore(&backup, &restored).await.expect("is restored");
    let workspace = open(restored.as_path(), index.path(), true).await;
    let me = workspace.user("ana").await.expect("a user");
    let content = b"Another day, another crane".to_vec();
    me.documents().ingest(NewDocument { content, ..NewDocument::default() }).await.expect("is stored");
    until_level(&workspace).await;
    assert_eq!(me.search(SearchRequest::new("crane")).await.expect("searches").len(), 3);
    assert!(workspace.check(false).await.expect("a check").is_clean());
    workspace.close().await.expect("closes");
}
