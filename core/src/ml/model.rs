//! One model on one thread: texts in, vectors out.

use std::sync::Arc;

use ort::environment::Environment;

use super::bert::{Bert, BertGraph, BertSession};
use super::directory::{Directory, Pooling, Weights};
use super::fingerprint::fingerprint;
use super::kernels::{mean, normalise};
use super::onnx::OnnxSession;
use super::tokens::Tokens;
use crate::base::{Error, ErrorKind, Result};
use crate::domain::{ModelInfo, Precision};

/// Tokens that share one run of the graph. The products are at full speed from about a
/// hundred rows on, and the rows of one layer still fit the second-level cache.
const BATCH_TOKENS: usize = 192;

/// What all threads share: read once, then only looked at.
pub(super) struct Shared {
    tokens: Tokens,
    pooling: Pooling,
    normalise: bool,
}

/// Everything that is read from disk, ready to make sessions from.
pub(super) struct Loaded {
    pub(super) shared: Arc<Shared>,
    pub(super) info: ModelInfo,
    source: Source,
}

enum Source {
    Bert(BertGraph),
    Onnx(Box<Directory>),
}

impl Loaded {
    /// Reads the model; the weights are hashed while they are being parsed.
    pub(super) fn open(
        directory: Directory,
        precision: Precision,
        environment: &Environment,
    ) -> Result<Self> {
        let tokens = Tokens::new(&directory.tokenizer, directory.max_tokens)?;
        let (print, read) = std::thread::scope(|scope| {
            let print = scope.spawn(|| fingerprint(&directory, precision));
            let read = match &directory.weights {
                Weights::Safetensors(file) => Bert::load(&directory, file, precision).map(Some),
                Weights::Onnx(file) if precision == Precision::Int8 => {
                    let message = "int8 needs model.safetensors; an ONNX file runs as it is, with fp32";
                    Err(Error::new(ErrorKind::Unsupported, "model.load", message)
                        .with("path", file.display()))
                }
                Weights::Onnx(_) => Ok(None),
            };
            let died = || Error::new(ErrorKind::Internal, "model.fingerprint", "the hashing thread died");
            (print.join().unwrap_or_else(|_| Err(died())), read)
        });
        let (print, bert) = (print?, read?);
        let dimension = match (&bert, &directory.weights) {
            (Some(bert), _) => bert.dimension(),
            (None, weights) => {
                OnnxSession::new(environment, weights.path(), directory.config.hidden_size)?.dimension()
            }
        };
        let info = ModelInfo::new(directory.name.clone(), dimension, directory.max_tokens, precision, print);
        let shared = Arc::new(Shared { tokens, pooling: directory.pooling, normalise: directory.normalise });
        let source = match bert {
            Some(bert) => Source::Bert(BertGraph::new(bert)?),
            None => Source::Onnx(Box::new(directory)),
        };
        Ok(Self { shared, info, source })
    }
}

/// A session with what it takes to use it. Belongs to one thread.
pub(super) struct Model {
    session: AnySession,
    shared: Arc<Shared>,
    dimension: usize,
}

enum AnySession {
    Bert(BertSession),
    Onnx(OnnxSession),
}

impl Model {
    /// Makes a session of `loaded`.
    pub(super) fn new(environment: &Environment, loaded: &Loaded) -> Result<Self> {
        let session = match &loaded.source {
            Source::Bert(bert) => AnySession::Bert(BertSession::new(environment, bert)?),
            Source::Onnx(directory) => AnySession::Onnx(OnnxSession::new(
                environment,
                directory.weights.path(),
                directory.config.hidden_size,
            )?),
        };
        Ok(Self { session, shared: Arc::clone(&loaded.shared), dimension: loaded.info.dimension })
    }

    /// The vector of each text, in order.
    pub(super) fn embed(&mut self, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        let mut vectors = Vec::with_capacity(texts.len());
        let mut batch: Vec<Vec<u32>> = Vec::new();
        let mut size = 0;
        for text in texts {
            let ids = self.shared.tokens.encode(text)?;
            if size + ids.len() > BATCH_TOKENS && !batch.is_empty() {
                self.run(&batch, &mut vectors)?;
                batch.clear();
                size = 0;
            }
            size += ids.len();
            batch.push(ids);
        }
        if !batch.is_empty() {
            self.run(&batch, &mut vectors)?;
        }
        Ok(vectors)
    }

    fn run(&mut self, batch: &[Vec<u32>], vectors: &mut Vec<Vec<f32>>) -> Result<()> {
        let (start, dimension, shared) = (vectors.len(), self.dimension, &self.shared);
        vectors.resize_with(start + batch.len(), || vec![0.0; dimension]);
        let ids: Vec<&[u32]> = batch.iter().map(Vec::as_slice).collect();
        let each = |index: usize, rows: &[f32]| {
            let vector = &mut vectors[start + index];
            match shared.pooling {
                Pooling::Mean => mean(rows, vector),
                Pooling::Cls => mean(rows.get(..dimension).unwrap_or_default(), vector),
            }
            if shared.normalise {
                normalise(vector);
            }
        };
        match &mut self.session {
            AnySession::Bert(session) => session.run(&ids, each),
            AnySession::Onnx(session) => session.run(&ids, each),
        }
    }
}
