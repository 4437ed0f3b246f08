//! Starting, asking and killing `google_child`.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

/// A process with a workspace.
pub struct GoogleChild {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl GoogleChild {
    /// Starts it; `clock` is the time in microseconds.
    pub fn start(program: &Path, base: &str, workspace: &Path, clock: i64) -> Self {
        let mut process = Command::new(program)
            .arg(base)
            .arg(workspace)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts");
        let input = process.stdin.take().expect("has an input");
        let output = BufReader::new(process.stdout.take().expect("has an output"));
        let mut child = Self { process, input, output };
        child.ask(&json!({ "clock": clock })).expect("opens the workspace");
        child
    }

    /// Sends a request without waiting for what comes of it.
    pub fn send(&mut self, request: &Value) {
        writeln!(self.input, "{request}").expect("listens");
        self.input.flush().expect("listens");
    }

    /// The next answer; `None` when the process is no more.
    pub fn answer(&mut self) -> Option<Value> {
        let mut line = String::new();
        match self.output.read_line(&mut line) {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(serde_json::from_str(&line).expect("JSON")),
        }
    }

    /// Asks; `None` when the process is no more.
    pub fn ask(&mut self, request: &Value) -> Option<Value> {
        self.send(request);
        self.answer()
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.process.kill().expect("kills");
        self.process.wait().expect("ends");
    }
}
