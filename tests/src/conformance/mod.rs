//! Runs the cases of `tests/conformance`; its README says what a case is.

mod arguments;
mod calls;
mod jobs;
mod matching;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use besunny::{OpenOptions, Timestamp, VirtualClock, Workspace};
use serde_json::Value;

use self::arguments::Arguments;
pub use self::matching::differences;

/// Results that earlier steps kept, by the name they were kept under.
type Kept = HashMap<String, Value>;

/// Why a call gave no result: the library said no, or the case asks for what the face
/// does not have.
enum Failure {
    Library(besunny::Error),
    Case(String),
}

impl From<besunny::Error> for Failure {
    fn from(error: besunny::Error) -> Self {
        Self::Library(error)
    }
}

/// A case, as its file has it.
pub struct Case {
    /// The file it stands in, without folders.
    pub file: String,
    /// What it says about itself.
    pub name: String,
    needs_model: bool,
    options: OpenOptions,
    clock: Option<Timestamp>,
    steps: Vec<Value>,
}

/// What the steps of a case act on.
struct Stage {
    workspace: Workspace,
    clock: Option<VirtualClock>,
    /// What the handlers of the case were given.
    ran: jobs::Ran,
}

/// How a case ended.
pub enum Outcome {
    /// As expected.
    Passed,
    /// It needs a model, and none is configured.
    Skipped,
    /// Otherwise; what was expected and what came, line by line.
    Failed(String),
}

/// All cases, in order of files and of lines.
pub fn cases() -> Vec<Case> {
    let folder = crate::root().join("tests/conformance");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("tests/conformance can be listed")
        .map(|entry| entry.expect("tests/conformance can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    files.iter().flat_map(|file| read(file)).collect()
}

fn read(path: &Path) -> Vec<Case> {
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{file}: {error}"));
    let list: Vec<Value> = serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{file}: {error}"));
    list.into_iter()
        .map(|case| {
            let name = case["name"].as_str().unwrap_or_else(|| panic!("{file}: a case has no name"));
            check_keys(&format!("{file}: {name}"), &case, &["name", "model", "options", "clock", "steps"]);
            Case {
                name: name.to_owned(),
                needs_model: case["model"].as_bool().unwrap_or(false),
                options: options(&case["options"]).unwrap_or_else(|error| panic!("{file}: {name}: {error}")),
                clock: case["clock"]
                    .as_str()
                    .map(|at| at.parse().unwrap_or_else(|error| panic!("{file}: {name}: {error}"))),
                steps: case["steps"].as_array().cloned().unwrap_or_default(),
                file: file.clone(),
            }
        })
        .collect()
}

/// A misspelt key must not make a case pass by checking nothing.
fn check_keys(place: &str, value: &Value, known: &[&str]) {
    for key in value.as_object().into_iter().flat_map(serde_json::Map::keys) {
        assert!(known.contains(&key.as_str()), "{place}: unknown key `{key}`");
    }
}

fn options(given: &Value) -> Result<OpenOptions, String> {
    let mut options = OpenOptions::default();
    for (key, value) in given.as_object().into_iter().flatten() {
        match (key.as_str(), value) {
            ("virtual_domain", Value::String(domain)) => options.virtual_domain.clone_from(domain),
            ("threads", Value::Number(threads)) => {
                let threads = threads.as_u64().and_then(|threads| usize::try_from(threads).ok());
                options.threads = threads.ok_or("`threads` is a count")?;
            }
            ("precision", Value::String(precision)) => {
                options.precision = precision.parse().map_err(|error: besunny::Error| error.to_string())?;
            }
            _ => return Err(format!("unknown option `{key}`")),
        }
    }
    Ok(options)
}

impl Case {
    /// Runs the case in a workspace of its own.
    pub async fn run(&self) -> Outcome {
        let mut options = self.options.clone();
        if !self.needs_model {
            options.model = Some(PathBuf::new());
        } else if crate::variable("BESUNNY_MODEL").is_none() {
            return Outcome::Skipped;
        }
        let clock = self.clock.map(VirtualClock::new);
        if let Some(clock) = &clock {
            options.clock = Arc::new(clock.clone());
        }
        let folder = tempfile::tempdir().expect("temporary folder");
        let mut stage = match Workspace::open(folder.path(), options.clone()).await {
            Ok(workspace) => Stage { workspace, clock, ran: jobs::Ran::default() },
            Err(error) => return Outcome::Failed(format!("the workspace does not open: {error}")),
        };
        let mut kept = Kept::new();
        for (number, step) in (1..).zip(&self.steps) {
            let place = format!("step {number}, {}", step["call"].as_str().unwrap_or("which has no call"));
            check_keys(
                &format!("{}: {}: {place}", self.file, self.name),
                step,
                &["call", "user", "args", "as", "expect", "error"],
            );
            let failed = if step["call"] == "reopen" {
                reopen(&mut stage.workspace, folder.path(), &options).await
            } else {
                take(&stage, step, &mut kept).await
            };
            if let Err(difference) = failed {
                return Outcome::Failed(format!("{place}\n{difference}"));
            }
        }
        Outcome::Passed
    }
}

async fn reopen(workspace: &mut Workspace, folder: &Path, options: &OpenOptions) -> Result<(), String> {
    workspace.close().await.map_err(|error| error.to_string())?;
    *workspace = Workspace::open(folder, options.clone()).await.map_err(|error| error.to_string())?;
    Ok(())
}

/// Makes one call and compares what comes of it.
async fn take(stage: &Stage, step: &Value, kept: &mut Kept) -> Result<(), String> {
    let name = step["call"].as_str().ok_or("a step needs a `call`")?;
    let arguments = Arguments::resolve(&step["args"], kept)?;
    let outcome = calls::call(stage, step["user"].as_str(), name, arguments).await;
    match (outcome, step["error"].as_str()) {
        (Err(Failure::Case(message)), _) => Err(format!("the case is wrong: {message}")),
        (Err(Failure::Library(error)), Some(code)) if error.kind().code() == code => Ok(()),
        (Err(Failure::Library(error)), Some(code)) => Err(format!("  expected error {code}\n  got {error}")),
        (Err(Failure::Library(error)), None) => Err(format!("  expected a result\n  got {error}")),
        (Ok(result), Some(code)) => Err(format!("  expected error {code}\n  got {result}")),
        (Ok(result), None) => {
            let expected = step.get("expect").map(|expected| arguments::json(expected, kept)).transpose()?;
            let found = expected.map(|expected| differences(&expected, &result)).unwrap_or_default();
            if let Some(name) = step["as"].as_str() {
                kept.insert(name.to_owned(), result.clone());
            }
            if found.is_empty() { Ok(()) } else { Err(found.join("\n")) }
        }
    }
}
