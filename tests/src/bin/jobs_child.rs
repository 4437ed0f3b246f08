//! Works on jobs until it is killed; the test in `tests/jobs.rs` kills it.
//!
//! `jobs_child <workspace> <folder of effects>`: the effect of a job is a file called by its
//! id, which appears whole or not at all, and never twice.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::Duration;

use besunny::{JobContext, JobError, WorkOptions};
use besunny_tests::open_without_model;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [workspace, effects] = arguments.as_slice() else {
        return Err("two arguments are needed".into());
    };
    let workspace = open_without_model(workspace).await;
    let effects = effects.clone();
    workspace.jobs().handler("effect", move |context: JobContext| effect(context, effects.clone()))?;
    let mut options = WorkOptions::default();
    options.lease = Duration::from_secs(1);
    println!("ready");
    workspace.jobs().work(options).await?;
    Ok(())
}

async fn effect(context: JobContext, effects: PathBuf) -> Result<(), JobError> {
    // Each run of the handler, to see how many were in vain.
    let run = effects.join("runs").join(format!(
        "{}-{}-{}",
        context.job().id,
        context.job().attempt,
        std::process::id()
    ));
    std::fs::write(&run, "").map_err(|error| JobError::retry(error.to_string()))?;
    tokio::time::sleep(Duration::from_millis(10)).await;
    let once = std::fs::hard_link(&run, effects.join("done").join(context.job().id.to_string()));
    match once {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(JobError::retry(error.to_string())),
    }
    // Between the effect and the word of it is where a kill hurts most.
    tokio::time::sleep(Duration::from_millis(10)).await;
    Ok(())
}
