//! A finished ONNX graph, run as it is.

use std::path::Path;

use ort::environment::Environment;
use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::{TensorRef, ValueType};

use crate::base::{Error, ErrorKind, Result};

const INPUTS: [&str; 3] = ["input_ids", "attention_mask", "token_type_ids"];

/// One session, for one thread at a time.
pub(super) struct OnnxSession {
    session: Session,
    inputs: Vec<&'static str>,
    output: String,
    dimension: usize,
}

impl OnnxSession {
    /// Loads the graph in `file`; `width` is the vector size if the graph leaves it open.
    ///
    /// # Errors
    /// [`ErrorKind::Model`] if the runtime refuses it; [`ErrorKind::Unsupported`] if its
    /// inputs or outputs are not a text encoder's.
    pub(super) fn new(environment: &Environment, file: &Path, width: usize) -> Result<Self> {
        let session = load(environment, file).map_err(|error| {
            Error::new(ErrorKind::Model, "model.load", "ONNX Runtime refuses the model")
                .with("path", file.display())
                .caused_by(error.to_string())
        })?;
        let unsupported = |message: &str| {
            Error::new(ErrorKind::Unsupported, "model.load", message).with("path", file.display())
        };
        let mut inputs = Vec::new();
        for input in session.inputs() {
            let known = INPUTS.into_iter().find(|name| *name == input.name());
            inputs.push(known.ok_or_else(|| unsupported("the graph has an unknown input"))?);
        }
        let tokens = session.outputs().iter().find_map(|output| match output.dtype() {
            ValueType::Tensor { shape, .. } if shape.len() == 3 => Some((output.name().to_owned(), shape[2])),
            _ => None,
        });
        let (output, size) =
            tokens.ok_or_else(|| unsupported("the graph gives no token vectors ([batch, tokens, width])"))?;
        let dimension = usize::try_from(size).ok().filter(|&size| size > 0).unwrap_or(width);
        if dimension == 0 {
            return Err(unsupported("neither the graph nor config.json says how long a vector is"));
        }
        Ok(Self { session, inputs, output, dimension })
    }

    /// Components of a vector.
    pub(super) fn dimension(&self) -> usize {
        self.dimension
    }

    /// As the built graph's `run`. Only texts of one length share a call, so that nothing
    /// is padded and no text depends on another.
    pub(super) fn run(&mut self, texts: &[&[u32]], mut each: impl FnMut(usize, &[f32])) -> Result<()> {
        let mut order: Vec<usize> = (0..texts.len()).collect();
        order.sort_by_key(|&index| texts[index].len());
        for group in order.chunk_by(|&a, &b| texts[a].len() == texts[b].len()) {
            let length = group.first().map_or(0, |&index| texts[index].len());
            if length == 0 {
                group.iter().for_each(|&index| each(index, &[]));
                continue;
            }
            self.run_equal(texts, group, length, &mut each).map_err(|error| {
                Error::new(ErrorKind::Model, "model.run", "ONNX Runtime fails on a batch")
                    .caused_by(error.to_string())
            })?;
        }
        Ok(())
    }

    fn run_equal(
        &mut self,
        texts: &[&[u32]],
        group: &[usize],
        length: usize,
        each: &mut impl FnMut(usize, &[f32]),
    ) -> ort::Result<()> {
        let shape = [group.len(), length];
        let ids: Vec<i64> =
            group.iter().flat_map(|&index| texts[index].iter().map(|&id| i64::from(id))).collect();
        let (ones, zeros) = (vec![1i64; ids.len()], vec![0i64; ids.len()]);
        let mut inputs = Vec::with_capacity(self.inputs.len());
        for &name in &self.inputs {
            let values = match name {
                "input_ids" => &ids,
                "attention_mask" => &ones,
                _ => &zeros,
            };
            inputs.push((name, TensorRef::from_array_view((shape, &**values))?));
        }
        let outputs = self.session.run(inputs)?;
        let (_, rows) = outputs[self.output.as_str()].try_extract_tensor::<f32>()?;
        if rows.len() != ids.len() * self.dimension {
            return Err(ort::Error::new("the graph gave another shape than it declares"));
        }
        for (&index, rows) in group.iter().zip(rows.chunks_exact(length * self.dimension)) {
            each(index, rows);
        }
        Ok(())
    }
}

fn load(environment: &Environment, file: &Path) -> ort::Result<Session> {
    Session::builder(environment)?
        .with_optimization_level(GraphOptimizationLevel::All)?
        .with_intra_threads(1)?
        .with_intra_op_spinning(false)?
        .with_inter_op_spinning(false)?
        .with_memory_pattern(false)?
        .commit_from_file(file)
}
