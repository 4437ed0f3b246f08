//! The database that the front end has used before: it keeps everything, and both write to it.

use std::collections::BTreeMap;

use besunny_test_postgres::{Database, server};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};

use super::super::PostgresStore;
use crate::base::{DocumentId, ProjectId, Scope, Timestamp, UserId};
use crate::domain::{
    Access, Assignment, Change, ChangeKind, DecidedBy, DocumentFilter, DocumentType, PageRequest, Store,
};
use crate::store::behaviour::fixtures::document;

const SCHEMA: &str = include_str!("../../../../../tests/fixtures/existing_schema.sql");
const ROWS: &str = include_str!("../../../../../tests/fixtures/existing_rows.sql");
pub(super) const ANA: &str = "00000000-0000-4000-8000-00000000000a";
pub(super) const BRUNO: &str = "00000000-0000-4000-8000-00000000000b";
pub(super) const LISBON: &str = "10000000-0000-4000-8000-000000000001";
const BARE: &str = "10000000-0000-4000-8000-000000000002";

pub(super) fn scope(user: &str) -> Scope {
    Scope::user(user.parse::<UserId>().unwrap())
}

fn project(id: &str) -> ProjectId {
    id.parse().unwrap()
}

fn document_id(number: u8) -> DocumentId {
    format!("20000000-0000-4000-8000-00000000000{number}").parse().unwrap()
}

/// The front end's database, and a connection to it around the library.
pub(super) async fn existing() -> (Database, PgConnection) {
    let database = server().database(None);
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    sqlx::raw_sql(SCHEMA).execute(&mut connection).await.unwrap();
    sqlx::raw_sql(ROWS).execute(&mut connection).await.unwrap();
    (database, connection)
}

pub(super) async fn migrated() -> (Database, PgConnection, PostgresStore) {
    let (database, connection) = existing().await;
    let store = PostgresStore::open(&database.url(), false).await.unwrap();
    (database, connection, store)
}

/// Statements as the front end sends them: in the role and with the claims of a user.
pub(super) async fn as_user(
    connection: &mut PgConnection,
    user: &str,
    sql: &str,
) -> Result<Vec<String>, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    let claims = format!(r#"{{"sub":"{user}","role":"authenticated"}}"#);
    sqlx::query(
        "SELECT set_config('request.jwt.claims', $1, true), set_config('role', 'authenticated', true)",
    )
    .bind(claims)
    .execute(&mut *transaction)
    .await?;
    let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(rows.iter().map(|row| row.try_get::<String, _>(0).unwrap_or_default()).collect())
}

/// Every row of every table, in the columns that `columns` names.
async fn rows(
    connection: &mut PgConnection,
    columns: &BTreeMap<String, String>,
) -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::new();
    for (table, columns) in columns {
        let sql = format!(
            "SELECT to_jsonb(kept)::text FROM (SELECT {columns} FROM public.{table}) AS kept ORDER BY 1"
        );
        let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut *connection).await.unwrap();
        all.insert(table.clone(), rows.iter().map(|row| row.get(0)).collect());
    }
    all
}

async fn columns(connection: &mut PgConnection) -> BTreeMap<String, String> {
    let sql = "SELECT table_name::text, string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position)
               FROM information_schema.columns WHERE table_schema = 'public' GROUP BY 1";
    let rows = sqlx::raw_sql(sql).fetch_all(connection).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

pub(super) async fn changes(store: &dyn Store, user: &str, after: u64) -> Vec<Change> {
    store.begin(&scope(user), Access::Read).await.unwrap().changes_after(after, 100).await.unwrap()
}

pub(super) fn kinds(changes: &[Change]) -> String {
    changes.iter().map(|change| change.kind.as_str()).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn every_row_is_kept_as_it_was() {
    let (database, mut connection) = existing().await;
    let columns = columns(&mut connection).await;
    assert!(columns.len() > 25, "{columns:?}");
    let mut before = rows(&mut connection, &columns).await;
    PostgresStore::open(&database.url(), false).await.unwrap();
    PostgresStore::open(&database.url(), false).await.unwrap();
    let after = rows(&mut connection, &columns).await;
    // The one value that is filled in: whose a document is that only had a project.
    let documents = before.get_mut("documents").unwrap();
    let of_project = documents.iter_mut().find(|row| row.contains("Call sheet")).unwrap();
    *of_project = of_project.replace("\"created_by\": null", &format!("\"created_by\": \"{ANA}\""));
    documents.sort();
    assert_eq!(before, after);
}

#[tokio::test]
async fn what_was_there_reads_back_and_can_be_corrected() {
    let (_database, _connection, store) = migrated().await;
    let ana = scope(ANA);
    let mut write = store.begin(&ana, Access::Write).await.unwrap();
    let page = write.documents(&DocumentFilter::default(), &PageRequest::default()).await.unwrap();
    let ids: Vec<DocumentId> = page.items.iter().map(|document| document.id).collect();
    assert_eq!(ids, [3, 2, 1, 4].map(document_id), "latest first; without a time is earliest");

    let mail = &page.items[2];
    assert_eq!(
        (mail.kind, mail.source.as_str(), mail.source_id.as_str()),
        (DocumentType::Email, "gmail", "18f")
    );
    assert_eq!(mail.text, "The permit for Alfama runs out on Friday");
    assert_eq!(mail.occurred_at.to_string(), "2025-05-05T10:00:00Z");
    assert_eq!(mail.project_id(), Some(project(LISBON)));
    assert_eq!(mail.assignment.decided_by, DecidedBy::Auto);
    let sheet = &page.items[0];
    assert_eq!((sheet.project_id(), sheet.assignment.decided_by), (Some(project(LISBON)), DecidedBy::User));
    let bare = &page.items[3];
    assert_eq!((bare.title.as_str(), bare.text.as_str(), bare.revision), ("", "", 1));
    assert_eq!(bare.source_id, bare.id.to_string());
    assert!(!bare.assignment.is_assigned());

    let chunks = write.chunks(document_id(1)).await.unwrap();
    assert_eq!(chunks.iter().map(|chunk| chunk.text.as_str()).collect::<Vec<_>>(), [mail.text.as_str()]);
    let chunks = write.chunks(document_id(3)).await.unwrap();
    assert_eq!(
        chunks.iter().map(|chunk| (chunk.ordinal, chunk.text.as_str())).collect::<Vec<_>>(),
        [(0, "Call at six"), (1, "")]
    );
    let asked = [(document_id(3), chunks[1].id), (document_id(1), chunks[1].id)];
    assert_eq!(write.passages(&asked).await.unwrap(), [Some(chunks[1].clone()), None]);

    let decision = Assignment::by_user(Some(project(BARE)), Vec::new());
    let now = Timestamp::from_seconds(1_780_000_000);
    assert!(write.set_assignment(document_id(2), &decision, now).await.unwrap());
    let twin = write.document(document_id(1)).await.unwrap().unwrap().document;
    assert_eq!(twin.project_id(), Some(project(LISBON)), "its duplicate stays where it was");
    assert_eq!(write.document(document_id(2)).await.unwrap().unwrap().document.assignment, decision);
    assert!(write.document(document_id(5)).await.unwrap().is_none(), "of nobody");
    assert!(write.document(document_id(6)).await.unwrap().is_none(), "of another");
    assert_eq!(write.delete_document(document_id(3), now).await.unwrap(), [document_id(3)]);
    write.commit().await.unwrap();
    assert_eq!(
        kinds(&changes(&store, ANA, 0).await),
        "project.created project.created document.stored document.stored document.stored document.stored \
         meeting.stored document.assigned document.deleted"
    );
}

#[tokio::test]
async fn projects_keep_what_only_the_front_end_knows() {
    let (_database, mut connection, store) = migrated().await;
    let mut write = store.begin(&scope(ANA), Access::Write).await.unwrap();
    let projects = write.projects().await.unwrap();
    let names: Vec<&str> = projects.iter().map(|project| project.fields.name.as_str()).collect();
    assert_eq!(names, ["Bare", "Lisbon shoot"]);
    let mut lisbon = projects[1].clone();
    assert_eq!(lisbon.fields.keywords, ["drone permit", "Alfama"]);
    assert_eq!(lisbon.fields.people, ["Al", "Marta"]);
    assert_eq!(lisbon.fields.domains, ["alfama-films.example"]);
    lisbon.fields.people = ["Zita", "Marta"].map(str::to_owned).to_vec();
    lisbon.fields.codes = vec!["LX-1".into()];
    write.update_project(&lisbon).await.unwrap();
    assert_eq!(write.project(lisbon.id).await.unwrap(), Some(lisbon.clone()));
    write.commit().await.unwrap();
    let kept = as_user(
        &mut connection,
        ANA,
        "SELECT entity_patterns #>> '{people,Marta,role}' || ' ' || (entity_patterns -> 'people' -> 'Marta' ->> 'confidence')
             || ' ' || (entity_patterns ->> 'locations') || ' ' || classification_signals || ' ' || pinecone_document_count
         FROM projects WHERE name = 'Lisbon shoot'",
    );
    assert_eq!(kept.await.unwrap(), [r#"producer 0.90 ["Alfama"] {"content_types": ["email"]} 12"#]);
    // The front end takes one out and puts one in.
    let edit = format!(
        "UPDATE projects SET entity_patterns = jsonb_set(entity_patterns #- '{{people,Zita}}', '{{people,Rui}}', '{{}}') WHERE id = '{LISBON}' RETURNING name"
    );
    as_user(&mut connection, ANA, &edit).await.unwrap();
    let mut read = store.begin(&scope(ANA), Access::Read).await.unwrap();
    assert_eq!(read.project(lisbon.id).await.unwrap().unwrap().fields.people, ["Marta", "Rui"]);
}

#[tokio::test]
async fn an_item_that_was_there_is_not_stored_again() {
    let (_database, _connection, store) = migrated().await;
    let mut write = store.begin(&scope(ANA), Access::Write).await.unwrap();
    let mut record = document(60, "call at seven");
    record.document.source = "google_drive".into();
    record.document.source_id = "file-1".into();
    let put = write.put_document(&record).await.unwrap();
    assert_eq!(put.id, document_id(3));
    let now = write.document(put.id).await.unwrap().unwrap().document;
    assert_eq!(
        (now.revision, now.text.as_str(), now.project_id()),
        (2, "call at seven", Some(project(LISBON)))
    );
    assert_eq!(write.chunks(put.id).await.unwrap(), record.chunks);
    assert_eq!(write.put_document(&record).await.unwrap().status, crate::domain::StoreStatus::Unchanged);
}

#[tokio::test]
async fn the_front_ends_queries_answer_and_its_writes_reach_the_log() {
    let (database, mut connection, store) = migrated().await;
    let start = store.last_position(&scope(ANA)).await.unwrap();
    let of_bruno = store.last_position(&scope(BRUNO)).await.unwrap();
    let mut front_end = async |sql: &str| as_user(&mut connection, ANA, sql).await.unwrap();
    let listed = front_end("SELECT name FROM projects WHERE created_by = auth.uid() ORDER BY name").await;
    assert_eq!(listed, ["Bare", "Lisbon shoot"]);
    let listed = front_end(
        "SELECT title FROM documents WHERE project_id = '10000000-0000-4000-8000-000000000001' ORDER BY created_at",
    );
    assert_eq!(listed.await, ["Drone permit", "Call sheet"]);
    front_end(&format!(
        "INSERT INTO projects (id, name, created_by) VALUES ('10000000-0000-4000-8000-000000000009', 'New', '{ANA}')"
    ))
    .await;
    front_end(
        "INSERT INTO documents (id, project_id, source, source_id, title) VALUES
         ('20000000-0000-4000-8000-000000000009', '10000000-0000-4000-8000-000000000009', 'upload', 'x', 'By hand')",
    )
    .await;
    front_end(&format!("UPDATE documents SET project_id = '{BARE}' WHERE title = 'By hand'")).await;
    front_end("UPDATE documents SET watch_active = true WHERE title = 'By hand'").await;
    front_end("UPDATE documents SET summary = 'seen' WHERE title = 'By hand'").await;
    front_end("DELETE FROM projects WHERE name = 'New'").await;
    let log = changes(&store, ANA, start).await;
    assert_eq!(
        kinds(&log),
        "project.created document.stored document.assigned document.corrected document.updated project.deleted"
    );
    let by_hand = document_id(9);
    assert!(log[1..5].iter().all(|change| change.document_id == Some(by_hand)));
    let mut read = store.begin(&scope(ANA), Access::Read).await.unwrap();
    let stored = read.document(by_hand).await.unwrap().unwrap().document;
    assert_eq!((stored.project_id(), stored.assignment.decided_by), (Some(project(BARE)), DecidedBy::User));
    assert_eq!(stored.text, "seen");
    drop(read);
    // A classifier that says so itself is no user.
    front_end(&format!(
        "UPDATE documents SET project_id = '{LISBON}', classification_source = 'ai' WHERE title = 'By hand'"
    ))
    .await;
    let log = changes(&store, ANA, log[5].position).await;
    assert_eq!(kinds(&log), "document.assigned");
    super::around(&database, "DELETE FROM document_tags").await;
    front_end(&format!("DELETE FROM documents WHERE project_id = '{LISBON}'")).await;
    let log = changes(&store, ANA, log[0].position).await;
    assert!(log.iter().all(|change| change.kind == ChangeKind::DocumentDeleted), "{log:?}");
    assert_eq!(store.last_position(&scope(BRUNO)).await.unwrap(), of_bruno, "nothing of it is Bruno's");
}

#[tokio::test]
async fn documents_without_a_project_are_no_longer_everybodys() {
    let (database, mut connection) = existing().await;
    let titles = "SELECT coalesce(title, '-') FROM documents WHERE project_id IS NULL ORDER BY 1";
    let before = as_user(&mut connection, BRUNO, titles).await.unwrap();
    assert_eq!(before, ["-", "Drone permit", "Invoice", "Of nobody"], "the old policy");
    PostgresStore::open(&database.url(), false).await.unwrap();
    assert_eq!(as_user(&mut connection, BRUNO, titles).await.unwrap(), ["Invoice"]);
    assert_eq!(as_user(&mut connection, ANA, titles).await.unwrap(), ["-", "Drone permit"]);
}

#[tokio::test]
async fn several_processes_may_bring_it_up_to_date_at_once() {
    let (database, _connection) = existing().await;
    let url = database.url();
    let open = || PostgresStore::open(&url, false);
    let (a, b, c) = tokio::join!(open(), open(), open());
    let identities = [a, b, c].map(|store| store.unwrap().identity());
    assert!(identities.iter().all(|identity| *identity == identities[0]));
}

/// The schema that the migrations make, as `pg_dump` prints it. Set `BESUNNY_UPDATE` to
/// write the file anew after a migration was added.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a switch for those who run the test")]
async fn the_schema_is_the_one_on_file() {
    let database = super::migrated().await;
    let dump = server()
        .program("pg_dump")
        .args(["--schema-only", "--no-owner", "--no-comments", database.name()])
        .output()
        .unwrap();
    assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
    let noise = ["--", "SET ", "SELECT pg_catalog.set_config", "\\restrict", "\\unrestrict"];
    let text = String::from_utf8(dump.stdout).unwrap();
    let lines =
        text.lines().filter(|line| !line.is_empty() && !noise.iter().any(|noise| line.starts_with(noise)));
    let schema = lines.collect::<Vec<_>>().join("\n") + "\n";
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/postgres_schema.sql");
    if std::env::var_os("BESUNNY_UPDATE").is_some() {
        std::fs::write(&file, &schema).unwrap();
    }
    let on_file = std::fs::read_to_string(&file).unwrap();
    let different = schema.lines().zip(on_file.lines()).find(|(made, kept)| made != kept);
    assert_eq!(different, None, "made, on file; see the comment at this test");
    assert_eq!(schema.lines().count(), on_file.lines().count());
}
