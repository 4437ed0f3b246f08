//! No call of a user ever shows another user's row.

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
async fn ten_thousand_random_calls_show_nobody_anothers_rows() {
    let (folder, workspace) = lexical_workspace().await;
    let report = fuzz(&workspace, &folder.path().join("mailboxes"), seed(), CALLS).await;
    println!("{report:#?}");
    assert!(report.foreign > CALLS / 10, "calls that name what is another's");
    workspace.close().await.expect("closes");
}
