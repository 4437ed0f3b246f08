//! The identity of the vectors a model makes: the key they are cached under.

use std::fs::File;
use std::io::{ErrorKind as IoErrorKind, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::bert::GRAPH_VERSION;
use super::directory::{Directory, Weights};
use crate::base::{Error, ErrorKind, Result};
use crate::domain::Precision;

/// SHA-256, in lower-case hex, over all that decides a model's vectors: weights,
/// tokenizer, configuration, pooling, precision, and the version of our graph.
///
/// Reads the whole weights file: about 60 ms for 90 MB where the processor has SHA
/// instructions.
///
/// # Errors
/// [`ErrorKind::Model`] if the weights cannot be read.
pub(super) fn fingerprint(directory: &Directory, precision: Precision) -> Result<String> {
    let mut hash = Sha256::new();
    hash.update(format!(
        "besunny.embedding\0{GRAPH_VERSION}\0{precision}\0{:?}\0{}\0{}\0",
        directory.pooling, directory.normalise, directory.max_tokens
    ));
    for part in [&directory.config_bytes, &directory.tokenizer] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let weights = directory.weights.path();
    add_file(&mut hash, weights).map_err(|error| unreadable(weights, error))?;
    if let Weights::Onnx(path) = &directory.weights {
        // A graph can keep its tensors in a file beside it, under one of two usual names.
        for suffix in ["_data", ".data"] {
            let mut beside = path.clone().into_os_string();
            beside.push(suffix);
            match add_file(&mut hash, Path::new(&beside)) {
                Err(error) if error.kind() != IoErrorKind::NotFound => {
                    return Err(unreadable(Path::new(&beside), error));
                }
                _ => {}
            }
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn unreadable(path: &Path, error: std::io::Error) -> Error {
    Error::new(ErrorKind::Model, "model.fingerprint", "the weights cannot be read")
        .with("path", path.display())
        .caused_by(error)
}

fn add_file(hash: &mut Sha256, path: &Path) -> std::io::Result<()> {
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 1 << 18];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(()),
            count => hash.update(&buffer[..count]),
        }
    }
}
