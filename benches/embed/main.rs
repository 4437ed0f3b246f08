//! Embeds what it is told to, for the scripts beside it: one JSON request a line in, one
//! JSON answer a line out. `bench-embed MODEL PRECISION THREADS RUNTIME_LIBRARY`.
#![expect(clippy::print_stdout, reason = "the answers go to standard output")]

use std::error::Error;
use std::io::{BufRead, Write};
use std::time::Instant;

use besunny::ml::{Encoder, ModelOptions};

#[derive(serde::Deserialize)]
struct Request {
    texts: Vec<String>,
    /// Texts in one call; 0 means all.
    #[serde(default)]
    batch: usize,
    /// Whether the answer carries the vectors.
    #[serde(default)]
    vectors: bool,
}

#[derive(serde::Serialize)]
struct Answer {
    seconds: f64,
    /// Each vector's floats, little-endian, in hex: nothing is lost on the way.
    vectors: Vec<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, precision, threads, library] = arguments.as_slice() else {
        return Err("usage: bench-embed MODEL PRECISION THREADS RUNTIME_LIBRARY".into());
    };
    let mut options = ModelOptions::new(model);
    options.precision = precision.parse()?;
    options.threads = threads.parse()?;
    options.runtime_library = Some(library.into());
    let start = Instant::now();
    let encoder = Encoder::load(options)?;
    println!(
        "{}",
        serde_json::json!({ "info": encoder.info(), "load_seconds": start.elapsed().as_secs_f64() })
    );
    for line in std::io::stdin().lock().lines() {
        let request: Request = serde_json::from_str(&line?)?;
        let batch = if request.batch == 0 { request.texts.len().max(1) } else { request.batch };
        let start = Instant::now();
        let mut vectors = Vec::with_capacity(request.texts.len());
        for texts in request.texts.chunks(batch) {
            vectors.extend(encoder.embed_blocking(texts)?);
        }
        let seconds = start.elapsed().as_secs_f64();
        let hex = |vector: &Vec<f32>| {
            vector.iter().flat_map(|v| v.to_le_bytes()).map(|b| format!("{b:02x}")).collect::<String>()
        };
        let vectors = if request.vectors { vectors.iter().map(hex).collect() } else { Vec::new() };
        println!("{}", serde_json::to_string(&Answer { seconds, vectors })?);
        std::io::stdout().flush()?;
    }
    Ok(())
}
