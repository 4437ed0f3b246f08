//! A BERT model's tensors, read from `model.safetensors`.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use memmap2::Mmap;
use safetensors::{Dtype, SafeTensors};

use super::super::directory::{Config, Directory};
use super::super::kernels::Attention;
use super::matrix::Matrix;
use crate::base::{Error, ErrorKind, Result};
use crate::domain::Precision;

const OPERATION: &str = "model.load";

/// A model ready to make sessions from.
pub(in crate::ml) struct Bert {
    pub(super) embeddings: Embeddings,
    pub(super) parameters: Arc<Parameters>,
    /// The weights of each layer's four products, queries-keys-values, output, up, down.
    pub(super) matrices: Vec<[Matrix; 4]>,
}

/// What the operators between the products need.
pub(super) struct Parameters {
    pub(super) precision: Precision,
    pub(super) attention: Attention,
    pub(super) epsilon: f32,
    pub(super) layers: Vec<Layer>,
}

/// The vectors of one layer.
pub(super) struct Layer {
    /// Queries, keys and values in one product: `[width, 3 * width]`.
    pub(super) qkv: Affine,
    /// Back from the heads: `[width, width]`.
    pub(super) output: Affine,
    pub(super) after_attention: Norm,
    /// `[width, intermediate]`.
    pub(super) up: Affine,
    /// `[intermediate, width]`.
    pub(super) down: Affine,
    pub(super) after_feed_forward: Norm,
}

/// What follows a product: a bias, and for int8 the scale of each column.
pub(super) struct Affine {
    pub(super) bias: Vec<f32>,
    pub(super) scales: Vec<f32>,
}

/// Layer normalisation.
pub(super) struct Norm {
    pub(super) gamma: Vec<f32>,
    pub(super) beta: Vec<f32>,
}

/// Tokens to rows. Shared between all sessions.
#[derive(Clone)]
pub(super) struct Embeddings(Arc<EmbeddingsInner>);

struct EmbeddingsInner {
    words: Words,
    vocabulary: usize,
    width: usize,
    /// For each position, the sum of its row and the row of segment 0.
    fixed: Vec<f32>,
    norm: Norm,
    epsilon: f32,
}

/// The word table: by far the largest tensor, and of each text few rows are needed.
enum Words {
    /// Little-endian f32 rows inside the mapped file, from this offset on.
    Mapped(Mmap, usize),
    /// Other number formats, converted.
    Owned(Vec<f32>),
}

impl Embeddings {
    /// Components of a row.
    pub(super) fn width(&self) -> usize {
        self.0.width
    }

    /// Appends the embedded rows of one text to `rows`; `word` is a buffer.
    ///
    /// # Errors
    /// [`ErrorKind::Model`] if the tokenizer gave an id the model has no row for.
    pub(super) fn append(&self, ids: &[u32], word: &mut Vec<f32>, rows: &mut Vec<f32>) -> Result<()> {
        let inner = &*self.0;
        let width = inner.width;
        word.resize(width, 0.0);
        for (position, &id) in ids.iter().enumerate() {
            let id = id as usize;
            let fixed = inner.fixed.get(position * width..(position + 1) * width);
            let Some(fixed) = fixed.filter(|_| id < inner.vocabulary) else {
                return Err(Error::new(ErrorKind::Model, OPERATION, "tokenizer.json does not fit the model")
                    .with("token", id)
                    .with("position", position));
            };
            match &inner.words {
                Words::Mapped(file, offset) => {
                    let bytes = &file[offset + id * width * 4..][..width * 4];
                    for (value, bytes) in word.iter_mut().zip(bytes.chunks_exact(4)) {
                        *value = float(bytes);
                    }
                }
                Words::Owned(table) => word.copy_from_slice(&table[id * width..][..width]),
            }
            let start = rows.len();
            rows.resize(start + width, 0.0);
            let out = &mut rows[start..];
            super::super::kernels::embed_norm(
                super::super::kernels::FloatRow(word),
                fixed,
                &inner.norm.gamma,
                &inner.norm.beta,
                inner.epsilon,
                out,
            );
        }
        Ok(())
    }
}

impl Bert {
    /// Reads, checks and, for int8, quantises the tensors in `file`.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for another architecture; [`ErrorKind::Model`] for a
    /// file that is truncated, corrupt or of other shapes than `config.json` says.
    pub(in crate::ml) fn load(directory: &Directory, file: &Path, precision: Precision) -> Result<Self> {
        let config = &directory.config;
        let shape = Shape::of(config)?;
        let map = map(file)?;
        let tensors = SafeTensors::deserialize(&map).map_err(|error| {
            Error::new(ErrorKind::Model, OPERATION, "the weights are truncated or corrupt")
                .with("path", file.display())
                .caused_by(error)
        })?;
        let reader = Reader { tensors: &tensors, prefix: prefix(&tensors), path: file };
        let (width, inner) = (shape.width, shape.intermediate);
        let norm = |name: &str| -> Result<Norm> {
            Ok(Norm {
                gamma: reader.vector(&format!("{name}.weight"), width)?,
                beta: reader.vector(&format!("{name}.bias"), width)?,
            })
        };
        let mut layers = Vec::with_capacity(shape.layers);
        let mut matrices = Vec::with_capacity(shape.layers);
        for layer in 0..shape.layers {
            let name = |part: &str| format!("encoder.layer.{layer}.{part}");
            let heads = ["query", "key", "value"].map(|part| name(&format!("attention.self.{part}")));
            let (qkv, qkv_matrix) = reader.linear(&heads, width, width, precision)?;
            let (output, output_matrix) =
                reader.linear(&[name("attention.output.dense")], width, width, precision)?;
            let (up, up_matrix) = reader.linear(&[name("intermediate.dense")], width, inner, precision)?;
            let (down, down_matrix) = reader.linear(&[name("output.dense")], inner, width, precision)?;
            layers.push(Layer {
                qkv,
                output,
                after_attention: norm(&name("attention.output.LayerNorm"))?,
                up,
                down,
                after_feed_forward: norm(&name("output.LayerNorm"))?,
            });
            matrices.push([qkv_matrix, output_matrix, up_matrix, down_matrix]);
        }
        let norm = norm("embeddings.LayerNorm")?;
        let fixed = fixed(&reader, &shape, directory.max_tokens)?;
        let (words, vocabulary) = reader.words(width)?;
        let words = match words {
            Some(converted) => Words::Owned(converted),
            None => {
                let start = reader.tensor("embeddings.word_embeddings.weight")?.data().as_ptr().addr();
                let offset = start - map.as_ptr().addr();
                drop(tensors);
                Words::Mapped(map, offset)
            }
        };
        let epsilon = shape.epsilon;
        Ok(Self {
            embeddings: Embeddings(Arc::new(EmbeddingsInner {
                words,
                vocabulary,
                width,
                fixed,
                norm,
                epsilon,
            })),
            parameters: Arc::new(Parameters { precision, attention: shape.attention, epsilon, layers }),
            matrices,
        })
    }

    /// Components of a vector.
    pub(in crate::ml) fn dimension(&self) -> usize {
        self.embeddings.width()
    }
}

/// The sizes of a model.
struct Shape {
    width: usize,
    intermediate: usize,
    layers: usize,
    attention: Attention,
    epsilon: f32,
    /// The row of the first position.
    first_position: usize,
}

impl Shape {
    fn of(config: &Config) -> Result<Self> {
        let unsupported = |what: &str, value: &str| {
            Error::new(ErrorKind::Unsupported, OPERATION, format!("this {what} is not supported"))
                .with("value", value)
        };
        let kind = config.model_type.as_deref().unwrap_or("bert");
        let first_position = match kind {
            "bert" => 0,
            "roberta" | "xlm-roberta" | "camembert" => config.pad_token_id.unwrap_or(1) + 1,
            other => return Err(unsupported("model architecture", other)),
        };
        match config.hidden_act.as_deref() {
            None | Some("gelu") => {}
            Some(other) => return Err(unsupported("activation", other)),
        }
        match config.position_embedding_type.as_deref() {
            None | Some("absolute") => {}
            Some(other) => return Err(unsupported("position embedding", other)),
        }
        let (width, heads) = (config.hidden_size, config.num_attention_heads);
        let sizes = [width, heads, config.num_hidden_layers, config.intermediate_size];
        let sound = sizes.iter().all(|size| (1..=1 << 16).contains(size)) && width % heads == 0;
        if !sound {
            return Err(Error::new(ErrorKind::Model, OPERATION, "config.json has impossible sizes")
                .with("sizes", format!("{sizes:?}")));
        }
        Ok(Self {
            width,
            intermediate: config.intermediate_size,
            layers: config.num_hidden_layers,
            attention: Attention { heads, head_size: width / heads },
            epsilon: config.layer_norm_eps.unwrap_or(1e-12),
            first_position,
        })
    }
}

fn map(file: &Path) -> Result<Mmap> {
    let failed = |error: std::io::Error| {
        Error::new(ErrorKind::Model, OPERATION, "the weights cannot be read")
            .with("path", file.display())
            .caused_by(error)
    };
    let opened = File::open(file).map_err(failed)?;
    // SAFETY: a model file is replaced, never rewritten in place, while it is loaded; the
    // documentation of the encoder says so.
    unsafe { Mmap::map(&opened) }.map_err(failed)
}

/// Some checkpoints name the encoder inside a larger model.
fn prefix(tensors: &SafeTensors<'_>) -> &'static str {
    const WORDS: &str = "embeddings.word_embeddings.weight";
    let has = |prefix: &&&str| tensors.tensor(&format!("{prefix}{WORDS}")).is_ok();
    ["", "bert.", "roberta.", "model."].iter().find(has).copied().unwrap_or("")
}

fn fixed(reader: &Reader<'_>, shape: &Shape, max_tokens: usize) -> Result<Vec<f32>> {
    let width = shape.width;
    let positions = reader.floats("embeddings.position_embeddings.weight")?;
    let start = shape.first_position * width;
    let mut fixed =
        positions.get(start..start + max_tokens * width).map(<[f32]>::to_vec).ok_or_else(|| {
            reader.error(
                "the position table is shorter than config.json says",
                "embeddings.position_embeddings",
            )
        })?;
    if let Ok(segments) = reader.floats("embeddings.token_type_embeddings.weight") {
        for row in fixed.chunks_exact_mut(width) {
            for (value, segment) in row.iter_mut().zip(&segments) {
                *value += segment;
            }
        }
    }
    Ok(fixed)
}

/// Reads tensors as `f32`, with errors that name the tensor.
struct Reader<'a> {
    tensors: &'a SafeTensors<'a>,
    prefix: &'static str,
    path: &'a Path,
}

impl<'a> Reader<'a> {
    fn error(&self, message: &str, tensor: &str) -> Error {
        Error::new(ErrorKind::Model, OPERATION, message)
            .with("path", self.path.display())
            .with("tensor", tensor)
    }

    fn tensor(&self, name: &str) -> Result<safetensors::tensor::TensorView<'a>> {
        self.tensors
            .tensor(&format!("{}{name}", self.prefix))
            .map_err(|_| self.error("the weights lack a tensor", name))
    }

    fn floats(&self, name: &str) -> Result<Vec<f32>> {
        let tensor = self.tensor(name)?;
        let data = tensor.data();
        match tensor.dtype() {
            Dtype::F32 => Ok(data.chunks_exact(4).map(float).collect()),
            Dtype::F16 => Ok(data.chunks_exact(2).map(|bytes| half_to_float(half(bytes))).collect()),
            Dtype::BF16 => {
                Ok(data.chunks_exact(2).map(|bytes| f32::from_bits(u32::from(half(bytes)) << 16)).collect())
            }
            other => {
                Err(Error::new(ErrorKind::Unsupported, OPERATION, "this number format is not supported")
                    .with("format", format!("{other:?}"))
                    .with("tensor", name))
            }
        }
    }

    fn vector(&self, name: &str, length: usize) -> Result<Vec<f32>> {
        let values = self.floats(name)?;
        if values.len() != length {
            return Err(self
                .error("a tensor has another size than config.json says", name)
                .with("expected", length)
                .with("found", values.len()));
        }
        Ok(values)
    }

    /// The word table's rows, and the table itself if it has to be converted.
    fn words(&self, width: usize) -> Result<(Option<Vec<f32>>, usize)> {
        const NAME: &str = "embeddings.word_embeddings.weight";
        let tensor = self.tensor(NAME)?;
        let rows = match *tensor.shape() {
            [rows, columns] if columns == width => rows,
            _ => return Err(self.error("a tensor has another size than config.json says", NAME)),
        };
        if tensor.dtype() == Dtype::F32 {
            return Ok((None, rows));
        }
        Ok((Some(self.floats(NAME)?), rows))
    }

    /// One product from the linear layers `names`, side by side; each is stored as
    /// `[outputs, inputs]`.
    fn linear(
        &self,
        names: &[String],
        inputs: usize,
        outputs: usize,
        precision: Precision,
    ) -> Result<(Affine, Matrix)> {
        let (mut weights, mut bias) = (Vec::new(), Vec::new());
        for name in names {
            weights.extend(self.vector(&format!("{name}.weight"), inputs * outputs)?);
            bias.extend(self.vector(&format!("{name}.bias"), outputs)?);
        }
        let (matrix, scales) = Matrix::pack(&weights, inputs, precision);
        Ok((Affine { bias, scales }, matrix))
    }
}

/// Four little-endian bytes.
#[inline(always)]
fn float(bytes: &[u8]) -> f32 {
    f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

/// Two little-endian bytes.
fn half(bytes: &[u8]) -> u16 {
    u16::from_le_bytes([bytes[0], bytes[1]])
}

/// IEEE half precision to single, exactly.
fn half_to_float(half: u16) -> f32 {
    let (sign, exponent, mantissa) = (half >> 15, (half >> 10) & 31, half & 1023);
    let magnitude = match exponent {
        0 => f32::from(mantissa) / 16_777_216.0,
        31 if mantissa == 0 => f32::INFINITY,
        31 => f32::NAN,
        _ => f32::from_bits(((u32::from(exponent) + 112) << 23) | (u32::from(mantissa) << 13)),
    };
    if sign == 1 { -magnitude } else { magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_precision_converts_exactly() {
        for (half, want) in [(0x3C00, 1.0), (0xC000, -2.0), (0x0001, 5.960_464_5e-8), (0x7BFF, 65504.0)] {
            assert_eq!(half_to_float(half), want);
        }
        assert!(half_to_float(0x7E00).is_nan());
        assert_eq!(half_to_float(0x7C00), f32::INFINITY);
    }

    #[test]
    fn other_architectures_are_refused_by_name() {
        let config = Config { model_type: Some("mpnet".into()), ..Config::default() };
        let error = Shape::of(&config).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("mpnet"), "{error}");
    }
}
