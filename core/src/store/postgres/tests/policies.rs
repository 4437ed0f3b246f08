//! Row level security: what one user's transaction sees of another's rows.

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::super::PostgresStore;
use super::super::transaction::PostgresTransaction;
use crate::base::Scope;
use crate::domain::{Access, Correction, IntakeEntry, IntakeStatus, Store, ThreadClue};
use crate::store::behaviour::fixtures::{NOW, document, project, put, user, write};
use crate::store::behaviour::meetings::meeting;
use crate::store::behaviour::sync_fixtures::{channel, follow, new_work, object};

const TABLES: [&str; 17] = [
    "public.users",
    "public.projects",
    "public.documents",
    "public.document_chunks",
    "besunny.embeddings",
    "besunny.thread_messages",
    "besunny.thread_subjects",
    "besunny.corrections",
    "besunny.changes",
    "besunny.intake_log",
    "public.meetings",
    "public.google_credentials",
    "besunny.google_accounts",
    "besunny.sync_streams",
    "besunny.sync_objects",
    "besunny.sync_work",
    "besunny.sync_channels",
];

/// A row of one's own in every table.
async fn fill(store: &dyn Store, scope: &Scope, number: u8) {
    let record = document(number, "unassigned");
    let id = put(store, scope, &record).await;
    let mut write = write(store, scope).await;
    write.insert_project(&project(number)).await.unwrap();
    let clue = ThreadClue {
        message_ids: vec!["a".into()],
        reply_subject: None,
        own_subject: Some("subject".into()),
    };
    write.join_thread("t", &clue).await.unwrap();
    write.put_vectors("m", &[(record.chunks[0].content_hash, vec![1.0])]).await.unwrap();
    let correction = Correction { document_id: id, from_project: None, to_project: None, at: NOW };
    write.insert_correction(&correction).await.unwrap();
    let entry = IntakeEntry {
        at: NOW,
        source: "email".into(),
        source_id: None,
        address: None,
        status: IntakeStatus::Stored,
        error_code: None,
        error_message: None,
        document_id: Some(id),
    };
    write.log_intake(&entry).await.unwrap();
    write.put_meeting(&meeting(number, "event")).await.unwrap();
    write.commit().await.unwrap();
    let key = follow(store, scope, number).await;
    let mut work = store.begin(scope, Access::Work).await.unwrap();
    work.put_objects(&key, &[object("a", 1)]).await.unwrap();
    work.add_work(&key, &new_work(&["a"]), NOW).await.unwrap();
    work.put_channel(&channel(&format!("channel {number}"), scope.tenant(), &key)).await.unwrap();
    work.commit().await.unwrap();
}

async fn count(transaction: &mut PostgresTransaction, table: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
        .fetch_one(transaction.connection())
        .await
        .unwrap()
}

#[tokio::test]
async fn raw_statements_see_only_the_users_own_rows() {
    let database = super::migrated().await;
    let store = PostgresStore::open(&database.url_as("authenticator"), true).await.unwrap();
    let (ana, joao, nobody) = (user(&store, 1).await, user(&store, 2).await, user(&store, 3).await);
    fill(&store, &ana, 10).await;
    fill(&store, &joao, 20).await;
    let mut own = store.transaction(&ana, Access::Read).await.unwrap();
    for table in TABLES {
        let expected = if table.ends_with("changes") { 5 } else { 1 };
        assert_eq!(count(&mut own, table).await, expected, "{table}");
    }
    drop(own);
    let mut none = store.transaction(&nobody, Access::Read).await.unwrap();
    for table in TABLES {
        assert_eq!(count(&mut none, table).await, i64::from(table == "public.users"), "{table}");
    }
    drop(none);
    let mut service = store.transaction(&Scope::service(), Access::Read).await.unwrap();
    assert_eq!(count(&mut service, "public.documents").await, 2);
}

#[tokio::test]
async fn raw_statements_change_only_the_users_own_rows() {
    let database = super::migrated().await;
    let store = PostgresStore::open(&database.url_as("authenticator"), true).await.unwrap();
    let (ana, joao) = (user(&store, 1).await, user(&store, 2).await);
    fill(&store, &ana, 10).await;
    fill(&store, &joao, 20).await;
    for table in TABLES {
        let mut theirs = store.transaction(&ana, Access::Write).await.unwrap();
        let column = match table {
            "public.users" => "id",
            "public.projects" | "public.documents" => "created_by",
            "public.meetings" | "public.google_credentials" => "user_id",
            _ => "tenant_id",
        };
        let sql = format!("DELETE FROM {table} WHERE {column} <> auth.uid()");
        let done = sqlx::query(AssertSqlSafe(sql)).execute(theirs.connection()).await.unwrap();
        assert_eq!(done.rows_affected(), 0, "{table}");
        // The row of credentials is brought level by the database itself.
        if table != "public.users" {
            let sql = format!("UPDATE {table} SET {column} = $1");
            let moved = sqlx::query(AssertSqlSafe(sql))
                .bind(uuid::Uuid::from_bytes([2; 16]))
                .execute(theirs.connection())
                .await
                .map(|done| done.rows_affected());
            let code = moved.as_ref().err().and_then(|error| error.as_database_error()?.code());
            assert_eq!(code.as_deref(), Some("42501"), "{table}: {moved:?}");
        }
    }
    // A document of one's own in a project of another's.
    let mut theirs = store.transaction(&ana, Access::Write).await.unwrap();
    let moved = sqlx::query("UPDATE public.documents SET project_id = $1")
        .bind(uuid::Uuid::from_bytes([20; 16]))
        .execute(theirs.connection())
        .await;
    let code = moved.as_ref().err().and_then(|error| error.as_database_error()?.code());
    assert_eq!(code.as_deref(), Some("42501"), "{moved:?}");
}

#[tokio::test]
async fn nothing_of_a_user_stays_in_the_session() {
    let database = super::migrated().await;
    let store = PostgresStore::open(&database.pooled_url(), true).await.unwrap();
    let ana = user(&store, 1).await;
    for _ in 0..3 {
        drop(store.transaction(&ana, Access::Write).await.unwrap());
        store.begin(&ana, Access::Write).await.unwrap().commit().await.unwrap();
    }
    for _ in 0..6 {
        let mut next = store.readers.begin().await.unwrap();
        let (role, claims): (String, Option<String>) = sqlx::query_as(
            "SELECT current_user::text, nullif(current_setting('request.jwt.claims', true), '')",
        )
        .persistent(false)
        .fetch_one(&mut *next)
        .await
        .unwrap();
        assert_eq!((role.as_str(), claims), ("postgres", None));
    }
}

#[tokio::test]
async fn every_table_has_row_level_security_and_a_policy() {
    let database = super::migrated().await;
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    let open: Vec<String> = sqlx::query_scalar(
        "SELECT schema.nspname || '.' || class.relname FROM pg_class AS class
         JOIN pg_namespace AS schema ON schema.oid = class.relnamespace
         WHERE schema.nspname IN ('public', 'besunny') AND class.relkind = 'r'
           AND (NOT class.relrowsecurity OR NOT EXISTS (SELECT 1 FROM pg_policy WHERE polrelid = class.oid))",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert_eq!(open, Vec::<String>::new());
}
