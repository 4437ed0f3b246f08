//! A loaded graph, and the way a batch takes through it.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use ort::environment::Environment;
use ort::session::builder::GraphOptimizationLevel;
use ort::session::{Session, SessionOutputs};
use ort::value::{DynValue, TensorRef};

use super::super::kernels::quantise_row;
use super::graph::{BYTES, ENDS, HIDDEN, ROWS, SCALES, build, weight};
use super::operators::domain;
use super::weights::{Bert, Embeddings, Parameters};
use crate::base::{Error, ErrorKind, Result};
use crate::domain::Precision;

/// Held while a session is made.
static MAKING_SESSIONS: Mutex<()> = Mutex::new(());

/// One session, for one thread at a time.
pub(in crate::ml) struct BertSession {
    session: Session,
    embeddings: Embeddings,
    precision: Precision,
    word: Vec<f32>,
    rows: Vec<f32>,
    bytes: Vec<u8>,
    scales: Vec<f32>,
}

impl BertSession {
    /// Loads `graph`.
    ///
    /// # Errors
    /// [`ErrorKind::Model`] if the runtime refuses it.
    pub(in crate::ml) fn new(environment: &Environment, graph: &BertGraph) -> Result<Self> {
        // The runtime looks a domain of operators up in a table of the process and then adds
        // it, as two steps; sessions that are made at once would both add it.
        let one_at_a_time = MAKING_SESSIONS.lock().unwrap_or_else(PoisonError::into_inner);
        let session = graph.load(environment).map_err(refused)?;
        drop(one_at_a_time);
        Ok(Self {
            session,
            embeddings: graph.embeddings.clone(),
            precision: graph.parameters.precision,
            word: Vec::new(),
            rows: Vec::new(),
            bytes: Vec::new(),
            scales: Vec::new(),
        })
    }

    /// Runs the texts, given as token ids, and hands each one's final rows (`[tokens,
    /// width]`) to `each`, in order.
    ///
    /// # Errors
    /// [`ErrorKind::Model`] if the runtime fails or a token has no embedding.
    pub(in crate::ml) fn run(&mut self, texts: &[&[u32]], mut each: impl FnMut(usize, &[f32])) -> Result<()> {
        let width = self.embeddings.width();
        self.rows.clear();
        let mut ends: Vec<i64> = Vec::with_capacity(texts.len() + 1);
        let mut ranges: Vec<Range<usize>> = Vec::with_capacity(texts.len());
        for ids in texts {
            let start = self.rows.len();
            self.embeddings.append(ids, &mut self.word, &mut self.rows)?;
            ranges.push(start..self.rows.len());
            ends.push((self.rows.len() / width) as i64);
        }
        if self.rows.is_empty() {
            ranges.iter().enumerate().for_each(|(index, _)| each(index, &[]));
            return Ok(());
        }
        if self.rows.len() == width {
            // A product with one row takes another path through the runtime, with other
            // rounding; a second row, which no text owns, keeps it off that path.
            self.rows.extend_from_within(..);
            ends.push(2);
        }
        let failed = |error: ort::Error| {
            Error::new(ErrorKind::Model, "model.run", "ONNX Runtime fails on a batch")
                .caused_by(error.to_string())
        };
        let hidden = self.hidden(&ends).map_err(failed)?;
        let (_, rows) = hidden[HIDDEN].try_extract_tensor::<f32>().map_err(failed)?;
        for (index, range) in ranges.into_iter().enumerate() {
            each(index, rows.get(range).unwrap_or_default());
        }
        Ok(())
    }

    fn hidden(&mut self, ends: &[i64]) -> ort::Result<SessionOutputs<'_>> {
        let width = self.embeddings.width();
        let count = self.rows.len() / width;
        let rows = TensorRef::from_array_view(([count, width], &*self.rows))?;
        let ends = TensorRef::from_array_view(([ends.len()], ends))?;
        if self.precision == Precision::Fp32 {
            return self.session.run(ort::inputs![ROWS => rows, ENDS => ends]);
        }
        self.bytes.resize(self.rows.len(), 0);
        self.scales.resize(count, 0.0);
        let outputs = self.bytes.chunks_exact_mut(width).zip(&mut self.scales);
        for (row, (bytes, scale)) in self.rows.chunks_exact(width).zip(outputs) {
            *scale = quantise_row(row, bytes);
        }
        let bytes = TensorRef::from_array_view(([count, width], &*self.bytes))?;
        let scales = TensorRef::from_array_view(([count], &*self.scales))?;
        self.session.run(ort::inputs![ROWS => rows, BYTES => bytes, SCALES => scales, ENDS => ends])
    }
}

/// A model's graph and matrices, in the form that sessions are made from and share.
pub(in crate::ml) struct BertGraph {
    bytes: Vec<u8>,
    embeddings: Embeddings,
    parameters: Arc<Parameters>,
    matrices: Vec<(String, Arc<DynValue>)>,
}

impl BertGraph {
    /// Builds the graph of `bert`.
    ///
    /// # Errors
    /// [`ErrorKind::Model`] if the runtime refuses the matrices.
    pub(in crate::ml) fn new(bert: Bert) -> Result<Self> {
        let bytes = build(&bert);
        let mut matrices = Vec::with_capacity(4 * bert.matrices.len());
        for (layer, products) in bert.matrices.into_iter().enumerate() {
            for (product, matrix) in products.into_iter().enumerate() {
                matrices.push((weight(layer, product), matrix.into_value().map_err(refused)?));
            }
        }
        let (embeddings, parameters) = (bert.embeddings, bert.parameters);
        Ok(Self { bytes, embeddings, parameters, matrices })
    }

    fn load(&self, environment: &Environment) -> ort::Result<Session> {
        let mut options = Session::builder(environment)?
            .with_operators(domain(&self.parameters)?)?
            .with_optimization_level(GraphOptimizationLevel::Level1)?
            .with_intra_threads(1)?
            .with_intra_op_spinning(false)?
            .with_inter_op_spinning(false)?
            .with_memory_pattern(false)?;
        for (name, matrix) in &self.matrices {
            options = options.with_external_initializer(name, Arc::clone(matrix))?;
        }
        options.commit_from_memory(&self.bytes)
    }
}

fn refused(error: ort::Error) -> Error {
    Error::new(ErrorKind::Model, "model.load", "ONNX Runtime refuses the model").caused_by(error.to_string())
}
