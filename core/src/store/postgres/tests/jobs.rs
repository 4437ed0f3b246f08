//! Jobs, as far as only Postgres has them: who waits for whom, who is told, and how programs
//! without the library enqueue.

use std::time::Duration;

use besunny_test_postgres::server;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::super::{PostgresStore, migrations};
use crate::base::{JobId, Scope, TenantId, Timestamp};
use crate::domain::{Access, Job, JobEnd, JobFailure, JobState, MAX_PAYLOAD_DEPTH, Store};
use crate::store::behaviour::fixtures::{NOW, user, write};
use crate::store::behaviour::job_fixtures::{claim, enqueue, finish, job, numbers, stored};

#[tokio::test]
async fn jobs_do_not_wait_for_a_busy_tenant_except_to_tell_it_of_a_death() {
    let database = super::migrated().await;
    let store = PostgresStore::open(&database.url(), false).await.unwrap();
    let ana = user(&store, 1).await;
    let (busy, working) = (write(&store, &ana).await, write(&store, &Scope::service()).await);
    // Any of these would wait for ever.
    enqueue(&store, &ana, &[job(1, &ana, |_| ()), job(2, &ana, |_| ())]).await;
    let jobs = claim(&store, 1, 9, NOW).await;
    finish(&store, 1, &jobs[..1], JobEnd::Succeeded, NOW).await;
    // Its change comes after those of the writer that was first.
    let end = JobEnd::Dead(JobFailure::new("handler", "no"));
    let mut death = std::pin::pin!(finish(&store, 1, &jobs[1..], end, NOW));
    assert!(tokio::time::timeout(Duration::from_millis(200), &mut death).await.is_err());
    drop((busy, working));
    death.await;
    assert_eq!(stored(&store, 2).await.state, JobState::Dead);
}

#[tokio::test]
async fn who_enqueues_elsewhere_wakes_who_waits() {
    let database = super::migrated().await;
    let store = PostgresStore::open(&database.url(), false).await.unwrap();
    let mut calls = store.job_calls();
    while !calls.are_heard() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    super::around(&database, "SELECT besunny.enqueue_job('report', '{}')").await;
    tokio::time::timeout(Duration::from_secs(60), calls.next()).await.expect("is told");
}

#[tokio::test]
async fn jobs_go_on_where_the_former_schema_left_them() {
    let database = server().database(None);
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    migrations::run_to(&mut connection, 3).await.unwrap();
    let rows = [
        (1, "ready", "NULL, false, NULL, NULL, NULL"),
        (2, "running", "NULL, false, '02020202-0202-0202-0202-020202020202', 60000000, 5"),
        (3, "failed", "NULL, false, NULL, NULL, 5"),
        (4, "succeeded", "9, false, NULL, NULL, 5"),
        (5, "ready", "NULL, true, NULL, NULL, NULL"),
    ];
    for (number, state, rest) in rows {
        let id = JobId::from_bytes([number; 16]);
        let sql = format!(
            "INSERT INTO besunny.jobs (id, tenant_id, kind, payload, state, priority, run_at, attempt, max_attempts,
             unique_key, concurrency_limit, created_at, finished_at, parked, lease_id, lease_until, started_at)
             VALUES ('{id}', '{}', 'work', '{{\"number\": {number}}}', '{state}', 0, {number}, 1, 10,
             'key {number}', 1, 1, {rest})",
            TenantId::SYSTEM
        );
        super::around(&database, &sql).await;
    }
    let store = PostgresStore::open(&database.url(), false).await.unwrap();
    for (number, state, _) in rows {
        let kept = stored(&store, number).await;
        assert_eq!((kept.state.as_str(), kept.attempt), (state, 1));
    }
    let running = stored(&store, 2).await;
    finish(&store, 2, &[running], JobEnd::Succeeded, NOW).await;
    assert_eq!(stored(&store, 2).await.state, JobState::Succeeded);
    assert_eq!(numbers(&claim(&store, 1, 9, NOW).await), [1, 3]);
    let again = job(6, &Scope::service(), |new| new.unique_key = Some("key 5".into()));
    assert!(!enqueue(&store, &Scope::service(), &[again]).await[0].is_new);
}

/// Runs an expression as a role with claims, as PostgREST does; what it gives, as text.
async fn asked(url: &str, role: &str, user: Option<TenantId>, sql: &str) -> Result<String, String> {
    let claims = match user {
        Some(user) => json!({"role": role, "sub": user.to_string()}),
        None => json!({ "role": role }),
    };
    let mut connection = PgConnection::connect(url).await.unwrap();
    let mut transaction = connection.begin().await.unwrap();
    sqlx::query("SELECT set_config('role', $1, true), set_config('request.jwt.claims', $2, true)")
        .bind(role)
        .bind(claims.to_string())
        .execute(&mut *transaction)
        .await
        .unwrap();
    let answer = sqlx::query_scalar(AssertSqlSafe(format!("SELECT ({sql})::text")))
        .fetch_one(&mut *transaction)
        .await
        .map_err(|error| error.to_string())?;
    transaction.commit().await.unwrap();
    Ok(answer)
}

async fn job_called(store: &PostgresStore, id: &str) -> Job {
    let id: JobId = id.parse().unwrap();
    let mut read = store.begin(&Scope::service(), Access::Read).await.unwrap();
    read.job(id).await.unwrap().unwrap()
}

#[tokio::test]
async fn programs_without_the_library_enqueue() {
    let database = super::migrated().await;
    let store = PostgresStore::open(&database.url(), false).await.unwrap();
    let (ana, joao) = (user(&store, 1).await, user(&store, 2).await);
    let options = r#"{"priority": 3, "run_at": "2031-05-01T10:00:00+02:00", "unique_key": "once",
        "max_attempts": 4, "timeout": 1.5, "concurrency_key": "shared", "concurrency_limit": 2}"#;
    let sql = format!("public.besunny_enqueue_job('work', '{{\"number\": 7}}', '{options}')");
    let url = database.url_as("authenticator");
    let id = asked(&url, "authenticated", Some(ana.tenant()), &sql).await.unwrap();
    assert_eq!(asked(&url, "authenticated", Some(ana.tenant()), &sql).await.unwrap(), id);
    assert_ne!(asked(&url, "authenticated", Some(joao.tenant()), &sql).await.unwrap(), id);

    let made = job_called(&store, &id).await;
    assert_eq!((made.tenant, made.state, made.priority), (ana.tenant(), JobState::Scheduled, 3));
    assert_eq!((made.payload, made.timeout), (json!({"number": 7}), Some(Duration::from_millis(1500))));
    assert_eq!((made.max_attempts, made.concurrency_limit), (4, 2));
    let keys = (made.unique_key.as_deref(), made.concurrency_key.as_deref());
    assert_eq!(keys, (Some("once"), Some("shared")));
    let at: Timestamp = "2031-05-01T08:00:00Z".parse().unwrap();
    assert_eq!(made.run_at, at);
    assert_eq!(numbers(&claim(&store, 1, 1, at).await), [7]);

    // Those that are no user: for the workspace, or for whom they say.
    let id = asked(&url, "service_role", None, "besunny.enqueue_job('plain', NULL)").await.unwrap();
    let plain = job_called(&store, &id).await;
    assert_eq!((plain.tenant, plain.payload, plain.max_attempts), (TenantId::SYSTEM, json!(null), 10));
    let sql = format!("besunny.enqueue_job('plain', '1', '{{\"tenant\": \"{}\"}}')", joao.tenant());
    let id = asked(&database.url(), "service_role", None, &sql).await.unwrap();
    assert_eq!(job_called(&store, &id).await.tenant, joao.tenant());
}

#[tokio::test]
async fn what_the_library_would_refuse_the_function_refuses() {
    let database = super::migrated().await;
    let store = PostgresStore::open(&database.url(), false).await.unwrap();
    let (ana, joao) = (user(&store, 1).await, user(&store, 2).await);
    let url = database.url_as("authenticator");
    let foreign = format!(r#"'work', '1', '{{"tenant": "{}"}}'"#, joao.tenant());
    let nested = format!("'work', (repeat('[', {0}) || repeat(']', {0}))::jsonb", MAX_PAYLOAD_DEPTH + 1);
    let long = "'work', to_jsonb(repeat('x', 16777216))".to_owned();
    let mut refused = vec![(foreign, "own jobs only"), (nested, "too deeply"), (long, "too long")];
    for (arguments, reason) in [
        ("'', '1'", "1 to 200 bytes"),
        ("repeat('x', 201), '1'", "1 to 200 bytes"),
        ("NULL, '1'", "1 to 200 bytes"),
        (r#"'work', '1', '{"unique_key": ""}'"#, "a key has"),
        (r#"'work', '1', '{"priorty": 1}'"#, "unknown options: priorty"),
        ("'work', '1', '[]'", "unknown options"),
        (r#"'work', '1', '{"max_attempts": 0}'"#, "whole numbers"),
        (r#"'work', '1', '{"priority": 0.5}'"#, "whole numbers"),
        (r#"'work', '1', '{"timeout": 0}'"#, "a timeout"),
        ("'work', '[1e400]'", "too large"),
    ] {
        refused.push((arguments.to_owned(), reason));
    }
    for (arguments, reason) in refused {
        let sql = format!("besunny.enqueue_job({arguments})");
        let error = asked(&url, "authenticated", Some(ana.tenant()), &sql).await.unwrap_err();
        assert!(error.contains(reason), "{arguments}: {error}");
    }
    for role in ["anon", "authenticated"] {
        assert!(asked(&url, role, None, "public.besunny_enqueue_job('work', '1')").await.is_err());
    }
    let deepest = format!("'work', (repeat('[', {0}) || repeat(']', {0}))::jsonb", MAX_PAYLOAD_DEPTH);
    let sql = format!("besunny.enqueue_job({deepest})");
    assert!(asked(&url, "authenticated", Some(ana.tenant()), &sql).await.is_ok());
    assert_eq!(claim(&store, 1, 9, Timestamp::from_seconds(4_000_000_000)).await.len(), 1);
}
