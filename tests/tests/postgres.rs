//! A workspace in a Postgres database, end to end.

use std::path::Path;

use besunny::{
    DecidedBy, DocumentFilter, ErrorKind, LoadOptions, OpenOptions, PageRequest, ProjectFields,
    SearchRequest, StoreStatus, UserHandle, Workspace,
};
use besunny_test_postgres::{Database, server};

const PERMIT: &[u8] = b"From: Marta Nunes <marta@tideline.example>\r\n\
Subject: Drone permit for the Alfama roofs\r\n\
Message-ID: <permit-1@tideline.example>\r\n\
\r\n\
The permit for flying over the Alfama roofs runs out on 14 March.\r\n";

fn options(index: &Path) -> OpenOptions {
    let mut options = OpenOptions::default();
    options.model = Some("".into());
    options.index_folder = Some(index.to_owned());
    options
}

async fn open(url: String, index: &Path) -> Workspace {
    Workspace::open(url, options(index)).await.expect("opens")
}

async fn fresh() -> (Database, tempfile::TempDir, Workspace) {
    let database = server().database(None);
    let index = tempfile::tempdir().unwrap();
    let workspace = open(database.url(), index.path()).await;
    (database, index, workspace)
}

async fn found(me: &UserHandle, query: &str) -> Vec<String> {
    let hits = me.search(SearchRequest::new(query)).await.unwrap();
    hits.into_iter().map(|hit| hit.document.title).collect()
}

#[tokio::test]
async fn a_mailbox_is_understood_as_in_a_folder() {
    let mailbox = besunny_tests::root().join("examples/mailbox");
    let (database, _index, direct) = fresh().await;
    let (pooled_database, folder) = (server().database(None), tempfile::tempdir().unwrap());
    let pooled = open(pooled_database.pooled_url(), folder.path()).await;
    let (_folder, on_sqlite) = besunny_tests::lexical_workspace().await;
    let mut digests = Vec::new();
    for workspace in [&on_sqlite, &direct, &pooled] {
        workspace.users().create("ana", None).await.unwrap();
        let me = workspace.user("ana").await.unwrap();
        let fields = ProjectFields {
            keywords: vec!["koji".into(), "kura".into()],
            people: vec!["Zita".into(), "Aki".into()],
            ..ProjectFields::named("Kawabe")
        };
        me.projects().create(fields).await.unwrap();
        let report = me.mail().ingest_folder(&mailbox, LoadOptions::default()).await.unwrap();
        assert!(report.stored > 10, "{report:?}");
        let hits = me.search(SearchRequest::new("koji room")).await.unwrap();
        let ranking: Vec<_> = hits.into_iter().map(|hit| (hit.document.title, hit.score.to_bits())).collect();
        digests.push((workspace.digest().await.unwrap(), ranking));
    }
    assert!(!digests[0].1.is_empty());
    assert_eq!(digests[0], digests[1]);
    assert_eq!(digests[0], digests[2]);
    drop(database);
}

#[tokio::test]
async fn what_is_committed_survives_the_workspace_and_its_index() {
    let (database, index, workspace) = fresh().await;
    workspace.users().create("ana", None).await.unwrap();
    let me = workspace.user("ana").await.unwrap();
    me.mail().ingest(PERMIT.to_vec()).await.unwrap();
    assert_eq!(found(&me, "permit").await.len(), 1);
    workspace.close().await.unwrap();
    std::fs::remove_dir_all(index.path()).unwrap();
    let workspace = open(database.url(), index.path()).await;
    let me = workspace.user("ana").await.unwrap();
    assert_eq!(found(&me, "permit").await.len(), 1);
    assert_eq!(me.mail().ingest(PERMIT.to_vec()).await.unwrap().status, StoreStatus::Unchanged);
}

#[tokio::test]
async fn two_workspaces_on_one_database_see_each_others_work() {
    let (database, index, one) = fresh().await;
    let other_index = tempfile::tempdir().unwrap();
    let other = open(database.url(), other_index.path()).await;
    one.users().create("ana", None).await.unwrap();
    other.user("ana").await.unwrap().mail().ingest(PERMIT.to_vec()).await.unwrap();
    assert_eq!(found(&one.user("ana").await.unwrap(), "permit").await.len(), 1);
    assert_eq!(found(&other.user("ana").await.unwrap(), "permit").await.len(), 1);
    let third = open(database.pooled_url(), index.path()).await;
    assert_eq!(found(&third.user("ana").await.unwrap(), "permit").await.len(), 1, "on the first one's index");
}

#[tokio::test]
async fn what_the_front_end_writes_is_found_and_learned() {
    let (database, _index, workspace) = fresh().await;
    let ana = workspace.users().create("ana", None).await.unwrap();
    let me = workspace.user("ana").await.unwrap();
    let mail = me.mail().ingest(PERMIT.to_vec()).await.unwrap().document;
    assert_eq!(found(&me, "permit").await.len(), 1);
    let project = "10000000-0000-4000-8000-000000000001";
    database.run(&format!(
        "INSERT INTO projects (id, name, created_by) VALUES ('{project}', 'By hand', '{0}');
         INSERT INTO documents (id, project_id, title, summary) VALUES ('20000000-0000-4000-8000-000000000001', '{project}', 'Note', 'Catering for Tuesday');
         UPDATE documents SET project_id = '{project}' WHERE id = '{1}'",
        ana.id, mail.id
    ));
    assert_eq!(found(&me, "catering").await, ["Note"]);
    let corrected = me.documents().get(mail.id).await.unwrap();
    assert_eq!(corrected.project_id().map(|id| id.to_string()).as_deref(), Some(project));
    assert_eq!(corrected.assignment.decided_by, DecidedBy::User);
    let reply = String::from_utf8(PERMIT.to_vec()).unwrap();
    let reply = reply.replace("permit-1@", "permit-2@").replace("14 March", "15 March");
    let next = me.mail().ingest(reply.into_bytes()).await.unwrap().document;
    // One correction of a sender is a clue, if not yet a proof.
    assert!(next.assignment.evidence.iter().any(|clue| clue.place == "corrections"), "{:?}", next.assignment);
    database.run(&format!("DELETE FROM documents WHERE id = '{}'", mail.id));
    assert_eq!(found(&me, "\"14 March\"").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_database_that_the_front_end_used_opens_as_a_workspace() {
    let database = server().database(None);
    for file in ["existing_schema.sql", "existing_rows.sql"] {
        let path = besunny_tests::root().join("tests/fixtures").join(file);
        database.run(&std::fs::read_to_string(path).unwrap());
    }
    let index = tempfile::tempdir().unwrap();
    let workspace = open(database.url(), index.path()).await;
    let names: Vec<_> =
        workspace.users().list().await.unwrap().into_iter().map(|user| user.username.to_string()).collect();
    assert_eq!(names, ["ana", "Bruno"]);
    let me = workspace.user("ana").await.unwrap();
    assert_eq!(found(&me, "\"runs out on Friday\"").await, ["Drone permit", "Drone permit"]);
    assert_eq!(found(&me, "\"call at six\"").await, ["Call sheet"]);
    let all = me.documents().list(DocumentFilter::default(), PageRequest::default()).await.unwrap().items;
    let bare = me.projects().list().await.unwrap()[0].id;
    let moved = me.documents().assign(all[1].id, Some(bare)).await.unwrap();
    assert_eq!(moved.project_id(), Some(bare));
    assert_eq!(workspace.user("Bruno").await.unwrap().projects().list().await.unwrap().len(), 1);
}

#[tokio::test]
async fn row_level_security_lets_the_same_work_through() {
    let (database, _index, workspace) = fresh().await;
    workspace.close().await.unwrap();
    server().authenticator();
    let index = tempfile::tempdir().unwrap();
    let mut options = options(index.path());
    options.row_level_security = true;
    let workspace = Workspace::open(database.url_as("authenticator"), options).await.unwrap();
    for name in ["ana", "joao"] {
        workspace.users().create(name, None).await.unwrap();
    }
    let me = workspace.user("ana").await.unwrap();
    let project = me.projects().create(ProjectFields::named("Lisbon shoot")).await.unwrap();
    let mail = me.mail().ingest(PERMIT.to_vec()).await.unwrap().document;
    me.documents().assign(mail.id, Some(project.id)).await.unwrap();
    assert_eq!(found(&me, "permit").await.len(), 1);
    assert!(found(&workspace.user("joao").await.unwrap(), "permit").await.is_empty());
    me.projects().delete(project.id).await.unwrap();
    me.documents().delete(mail.id).await.unwrap();
    assert_eq!(workspace.status().await.unwrap().documents, 0);
}

#[tokio::test]
async fn no_password_is_shown() {
    let url = "postgres://ana:secret@localhost:1/work";
    let refused = Workspace::open(url, OpenOptions::default()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Storage);
    assert!(!format!("{refused:?}").contains("secret"));
    let (_database, _index, workspace) = fresh().await;
    assert_eq!(format!("{workspace:?}"), "Workspace { location: Postgres, .. }");
}
