//! The cases that Rust, Python and Node share, run in Rust.

use besunny_tests::conformance::{Outcome, cases};

#[tokio::test(flavor = "multi_thread")]
async fn every_case_ends_as_it_says() {
    let (mut passed, mut skipped, mut failed) = (0, 0, Vec::new());
    let mut names = std::collections::HashSet::new();
    for case in cases() {
        let name = format!("{}: {}", case.file, case.name);
        assert!(names.insert(name.clone()), "two cases are called {name}");
        match case.run().await {
            Outcome::Passed => {
                passed += 1;
                println!("ok       {name}");
            }
            Outcome::Skipped => {
                skipped += 1;
                println!("skipped  {name}");
            }
            Outcome::Failed(difference) => {
                println!("FAILED   {name}\n{difference}");
                failed.push(format!("{name}\n{difference}"));
            }
        }
    }
    println!("{passed} passed, {} failed, {skipped} skipped without BESUNNY_MODEL", failed.len());
    assert!(failed.is_empty(), "{} cases failed:\n\n{}\n", failed.len(), failed.join("\n\n"));
    assert!(passed > 0, "there are no cases");
}
