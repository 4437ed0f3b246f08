//! No call of a user ever shows another user's row.

use std::path::PathBuf;

use besunny::{OpenOptions, Workspace};
use besunny_test_postgres::server;
use besunny_tests::isolation::fuzz;
use besunny_tests::{lexical_workspace, variable};

/// How many calls a run makes, unless `BESUNNY_CALLS` says otherwise; a release is checked
/// with 10,000.
const CALLS: u64 = 3_000;

/// A number from the environment; printed, so that a run can be repeated.
fn number(name: &str, default: u64) -> u64 {
    let number = variable(name).and_then(|given| given.to_str()?.parse().ok()).unwrap_or(default);
    println!("{name}={number}");
    number
}

fn seed() -> u64 {
    number("BESUNNY_SEED", 20_260_301)
}

fn calls() -> u64 {
    number("BESUNNY_CALLS", CALLS)
}

#[tokio::test(flavor = "multi_thread")]
async fn with_row_level_security_postgres_keeps_them_apart_too() {
    let database = server().database(None);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let open = async |url: String, row_level_security| {
        let mut options = OpenOptions::default();
        options.model = Some(PathBuf::new());
        options.index_folder = Some(folder.path().join("index"));
        options.row_level_security = row_level_security;
        Workspace::open(url, options).await.expect("opens")
    };
    // Who owns the schema makes it; the rest runs as one who owns nothing.
    open(database.url(), false).await.close().await.expect("closes");
    server().authenticator();
    let workspace = open(database.url_as("authenticator"), true).await;
    let report = fuzz(&workspace, &folder.path().join("mailboxes"), seed(), calls()).await;
    assert!(report.foreign > calls() / 10, "calls that name what is another's");
    workspace.close().await.expect("closes");
}

#[tokio::test(flavor = "multi_thread")]
async fn random_calls_show_nobody_anothers_rows() {
    let (folder, workspace) = lexical_workspace().await;
    let report = fuzz(&workspace, &folder.path().join("mailboxes"), seed(), calls()).await;
    println!("{report:#?}");
    assert!(report.foreign > calls() / 10, "calls that name what is another's");
    workspace.close().await.expect("closes");
}
