//! The embedding model as the rest of the library sees it.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::directory::Directory;
use super::model::Loaded;
use super::pool::{Job, Outcome, Pool, Reply};
use super::runtime;
use crate::base::{Error, ErrorKind, Result};
use crate::domain::{ModelInfo, Precision};

/// The most texts in one job: small enough that all threads finish together.
const JOB_TEXTS: usize = 32;

/// Which model to load, and how to run it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ModelOptions {
    /// The folder of a sentence-transformers model: `config.json`, `tokenizer.json`, and
    /// `model.safetensors` or `model.onnx`.
    pub directory: PathBuf,
    /// The arithmetic; int8 needs `model.safetensors`.
    pub precision: Precision,
    /// Threads that run the model, each with its own session; 0 means one per processor.
    pub threads: usize,
    /// The shared library of ONNX Runtime 1.24 or newer. If set, it or nothing.
    pub runtime_library: Option<PathBuf>,
    /// Where else to look for it, in order, before the usual library folders.
    pub runtime_candidates: Vec<PathBuf>,
}

impl ModelOptions {
    /// The model in `directory`, in fp32, on one thread.
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            precision: Precision::Fp32,
            threads: 1,
            runtime_library: None,
            runtime_candidates: Vec::new(),
        }
    }
}

/// A loaded embedding model: texts in, vectors out.
///
/// The vector of a text depends on the text and the model alone: not on the other texts
/// of the call, their number or order, nor on the number of threads; not one bit. A text
/// longer than [`ModelInfo::max_tokens`] counts up to there. The empty text has a vector.
///
/// The weights file is mapped: replace it by renaming, never write into it, while it is
/// loaded. Dropping the encoder stops its threads and frees what it holds.
pub struct Encoder {
    info: ModelInfo,
    pool: Pool,
}

impl Encoder {
    /// Loads the model; takes a few hundred milliseconds and blocks.
    ///
    /// # Errors
    /// [`ErrorKind::Model`] if ONNX Runtime or the model cannot be loaded (the message
    /// says what to do), [`ErrorKind::Unsupported`] for a model of another architecture.
    pub fn load(options: ModelOptions) -> Result<Self> {
        let directory = Directory::open(&options.directory)?;
        let environment = runtime::load(options.runtime_library.as_deref(), &options.runtime_candidates)?;
        let threads = match options.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        };
        let loaded = Loaded::open(directory, options.precision, &environment)?;
        let info = loaded.info.clone();
        let pool = Pool::start(&environment, loaded, threads)?;
        tracing::debug!(model = info.name, precision = %info.precision, threads, "embedding model loaded");
        Ok(Self { info, pool })
    }

    /// What was loaded.
    #[must_use]
    pub fn info(&self) -> &ModelInfo {
        &self.info
    }

    /// The vector of each text, in order: [`ModelInfo::dimension`] components, of length 1
    /// if the model normalises. Blocks until all are there; equal texts are computed once.
    ///
    /// # Errors
    /// [`ErrorKind::Model`] if the runtime fails; [`ErrorKind::Internal`] if a thread died.
    pub fn embed_blocking(&self, texts: &[impl AsRef<str>]) -> Result<Vec<Vec<f32>>> {
        let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
        let mut call = Call::new(&texts, self.pool.threads());
        let (send, receive) = std::sync::mpsc::channel::<Outcome>();
        while call.submit(&self.pool, &send, |send, outcome| drop(send.send(outcome))) {
            call.accept(receive.recv().map_err(|_| gone())?)?;
        }
        Ok(call.finish())
    }

    /// As [`Encoder::embed_blocking`], without blocking the thread it runs on. Dropping the
    /// future gives up the texts that no thread has begun.
    ///
    /// # Errors
    /// As [`Encoder::embed_blocking`].
    pub async fn embed(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>> {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let mut call = Call::new(&texts, self.pool.threads());
        let (send, mut receive) = tokio::sync::mpsc::unbounded_channel::<Outcome>();
        while call.submit(&self.pool, &send, |send, outcome| drop(send.send(outcome))) {
            call.accept(receive.recv().await.ok_or_else(gone)?)?;
        }
        Ok(call.finish())
    }
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoder").field("info", &self.info).finish_non_exhaustive()
    }
}

fn gone() -> Error {
    Error::new(ErrorKind::Internal, "model.run", "the threads of the model are gone")
}

/// One call on its way: which texts are distinct, which jobs are out, what has come back.
struct Call<'a> {
    /// The distinct texts, in order of first appearance.
    distinct: Vec<&'a str>,
    /// For each text of the call, its place in `distinct`.
    places: Vec<usize>,
    vectors: Vec<Vec<f32>>,
    /// Texts in a job.
    step: usize,
    /// Jobs that may be out at once; bounds the memory a call takes.
    most: usize,
    /// The next text to submit.
    next: usize,
    out: usize,
    abandoned: Arc<AtomicBool>,
}

impl<'a> Call<'a> {
    fn new(texts: &[&'a str], threads: usize) -> Self {
        let mut distinct = Vec::new();
        let mut known: HashMap<&str, usize> = HashMap::with_capacity(texts.len());
        let places = texts
            .iter()
            .map(|&text| {
                *known.entry(text).or_insert_with(|| {
                    distinct.push(text);
                    distinct.len() - 1
                })
            })
            .collect();
        let threads = threads.max(1);
        Self {
            vectors: vec![Vec::new(); distinct.len()],
            step: distinct.len().div_ceil(threads).clamp(1, JOB_TEXTS),
            most: 2 * threads,
            next: 0,
            out: 0,
            abandoned: Arc::default(),
            distinct,
            places,
        }
    }

    /// Submits as many jobs as may be out; `deliver` sends an outcome into a clone of
    /// `send`. Returns whether an outcome is to be awaited.
    fn submit<S: Clone + Send + 'static>(&mut self, pool: &Pool, send: &S, deliver: fn(S, Outcome)) -> bool {
        while self.out < self.most && self.next < self.distinct.len() {
            let end = (self.next + self.step).min(self.distinct.len());
            let texts = self.distinct[self.next..end].iter().map(|&text| text.to_owned()).collect();
            let send = send.clone();
            let reply = Reply::new(self.next, move |outcome| deliver(send, outcome));
            pool.submit(Job { texts, reply, abandoned: Arc::clone(&self.abandoned) });
            self.next = end;
            self.out += 1;
        }
        self.out > 0
    }

    fn accept(&mut self, (first, result): Outcome) -> Result<()> {
        self.out -= 1;
        for (place, vector) in self.vectors.iter_mut().skip(first).zip(result?) {
            *place = vector;
        }
        Ok(())
    }

    fn finish(mut self) -> Vec<Vec<f32>> {
        let places = std::mem::take(&mut self.places);
        if places.len() == self.distinct.len() {
            return std::mem::take(&mut self.vectors);
        }
        places.into_iter().map(|place| self.vectors[place].clone()).collect()
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.abandoned.store(true, Ordering::Release);
    }
}
