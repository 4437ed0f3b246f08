//! No call of a user ever shows another user's row.

use std::path::PathBuf;

use besunny::{OpenOptions, Workspace};
use besunny_test_postgres::server;
use besunny_tests::isolation::fuzz;
use besunny_tests::{lexical_workspace, variable};

const CALLS: u64 = 10_000;

/// The seed of the run, to run one again.
fn seed() -> u64 {
    let given = variable("BESUNNY_SEED").and_then(|seed| seed.to_str()?.parse().ok());
    let seed = given.unwrap_or(20_260_301);
    println!("BESUNNY_SEED={seed}");
    seed
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
    let report = fuzz(&workspace, &folder.path().join("mailboxes"), seed(), CALLS).await;
    assert!(report.foreign > CALLS / 10, "calls that name what is another's");
    workspace.close().await.expect("closes");
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_random_calls_show_nobody_anothers_rows() {
    let (folder, workspace) = lexical_workspace().await;
    let report = fuzz(&workspace, &folder.path().join("mailboxes"), seed(), CALLS).await;
    println!("{report:#?}");
    assert!(report.foreign > CALLS / 10, "calls that name what is another's");
    workspace.close().await.expect("closes");
}
