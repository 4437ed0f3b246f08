//! A model directory: which files it has and what they say.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::base::{Error, ErrorKind, Result};

const OPERATION: &str = "model.open";

/// Configuration files are small; anything larger is not one.
const LARGEST_JSON: u64 = 64 << 20;

/// How token vectors become one vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pooling {
    /// The mean over all tokens.
    Mean,
    /// The first token.
    Cls,
}

/// The file that holds the weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Weights {
    /// Named tensors; the graph is built from `config.json`.
    Safetensors(PathBuf),
    /// A finished graph.
    Onnx(PathBuf),
}

impl Weights {
    /// The path of the file.
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Safetensors(path) | Self::Onnx(path) => path,
        }
    }
}

/// `config.json`, as far as it matters here. Defaults are those of BERT.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Config {
    #[serde(rename = "_name_or_path")]
    pub(super) name: Option<String>,
    pub(super) model_type: Option<String>,
    pub(super) hidden_size: usize,
    pub(super) num_hidden_layers: usize,
    pub(super) num_attention_heads: usize,
    pub(super) intermediate_size: usize,
    pub(super) max_position_embeddings: usize,
    pub(super) hidden_act: Option<String>,
    pub(super) layer_norm_eps: Option<f32>,
    pub(super) position_embedding_type: Option<String>,
    pub(super) pad_token_id: Option<usize>,
}

/// An opened model directory. Nothing of the weights has been read yet.
#[derive(Clone, Debug)]
pub(super) struct Directory {
    /// For people: the configured name, else the folder's.
    pub(super) name: String,
    pub(super) config: Config,
    pub(super) weights: Weights,
    pub(super) pooling: Pooling,
    /// Whether vectors are scaled to length 1.
    pub(super) normalise: bool,
    /// Tokens after which a text is cut, special tokens included.
    pub(super) max_tokens: usize,
    /// The bytes of `tokenizer.json`.
    pub(super) tokenizer: Vec<u8>,
    /// The bytes of `config.json`.
    pub(super) config_bytes: Vec<u8>,
}

#[derive(Deserialize)]
struct Module {
    #[serde(default)]
    path: String,
    r#type: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PoolingConfig {
    pooling_mode: Option<String>,
    pooling_mode_cls_token: bool,
    pooling_mode_mean_tokens: bool,
    pooling_mode_max_tokens: bool,
    pooling_mode_mean_sqrt_len_tokens: bool,
    pooling_mode_weightedmean_tokens: bool,
    pooling_mode_lasttoken: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SentenceConfig {
    max_seq_length: Option<usize>,
}

impl Directory {
    /// Reads the small files of the model at `path`.
    ///
    /// # Errors
    /// [`ErrorKind::Model`] if a file is missing or cannot be read or understood;
    /// [`ErrorKind::Unsupported`] if the model needs something that is not built here.
    pub(super) fn open(path: &Path) -> Result<Self> {
        if !path.is_dir() {
            return Err(Error::new(ErrorKind::Model, OPERATION, "no such model directory")
                .with("path", path.display()));
        }
        let config_bytes = bytes(&path.join("config.json"))?;
        let config: Config = json(&path.join("config.json"))?;
        let tokenizer = bytes(&path.join("tokenizer.json"))?;
        let (pooling, normalise) = modules(path)?;
        let sentence = match path.join("sentence_bert_config.json") {
            file if file.is_file() => json(&file)?,
            _ => SentenceConfig::default(),
        };
        let positions = positions(&config);
        let max_tokens = sentence.max_seq_length.unwrap_or(positions).min(positions);
        if max_tokens < 3 {
            return Err(Error::new(ErrorKind::Model, OPERATION, "the model takes fewer than 3 tokens")
                .with("path", path.display())
                .with("tokens", max_tokens));
        }
        Ok(Self {
            name: name(path, &config),
            weights: weights(path)?,
            config,
            pooling,
            normalise,
            max_tokens,
            tokenizer,
            config_bytes,
        })
    }
}

/// Token positions a text can use. RoBERTa's family starts counting after the padding id.
fn positions(config: &Config) -> usize {
    let all = if config.max_position_embeddings == 0 { 512 } else { config.max_position_embeddings };
    match config.model_type.as_deref() {
        Some("roberta" | "xlm-roberta" | "camembert") => {
            all.saturating_sub(config.pad_token_id.unwrap_or(1) + 1)
        }
        _ => all,
    }
}

fn name(path: &Path, config: &Config) -> String {
    let configured = config.name.as_deref().and_then(|name| name.rsplit('/').find(|part| !part.is_empty()));
    let folder = || path.file_name().map(|name| name.to_string_lossy().into_owned());
    configured.map(str::to_owned).or_else(folder).unwrap_or_else(|| "model".to_owned())
}

fn weights(path: &Path) -> Result<Weights> {
    let safetensors = path.join("model.safetensors");
    if safetensors.is_file() {
        return Ok(Weights::Safetensors(safetensors));
    }
    let onnx = [path.join("model.onnx"), path.join("onnx").join("model.onnx")];
    match onnx.into_iter().find(|file| file.is_file()) {
        Some(file) => Ok(Weights::Onnx(file)),
        None => {
            let message = "no weights: expected model.safetensors, model.onnx or onnx/model.onnx";
            Err(Error::new(ErrorKind::Model, OPERATION, message).with("path", path.display()))
        }
    }
}

/// Pooling and normalisation from `modules.json`. Without one, a plain transformer
/// folder, the mean is taken and scaled to length 1.
fn modules(path: &Path) -> Result<(Pooling, bool)> {
    let file = path.join("modules.json");
    if !file.is_file() {
        return Ok((Pooling::Mean, true));
    }
    let (mut pooling, mut normalise) = (None, false);
    for module in json::<Vec<Module>>(&file)? {
        match module.r#type.rsplit('.').next().unwrap_or_default() {
            "Transformer" if module.path.is_empty() => {}
            "Pooling" => pooling = Some(read_pooling(&inside(path, &module.path)?)?),
            "Normalize" => normalise = true,
            other => {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    OPERATION,
                    "only Transformer, Pooling and Normalize modules are supported",
                )
                .with("module", other)
                .with("path", file.display()));
            }
        }
    }
    Ok((pooling.unwrap_or(Pooling::Mean), normalise))
}

/// The configuration of the module in `folder`, which must not lead out of the model.
fn inside(path: &Path, folder: &str) -> Result<PathBuf> {
    let plain = Path::new(folder).components().all(|part| matches!(part, std::path::Component::Normal(_)));
    if !plain {
        return Err(Error::new(ErrorKind::Model, OPERATION, "a module's path must stay inside the model")
            .with("module", folder));
    }
    Ok(path.join(folder).join("config.json"))
}

fn read_pooling(file: &Path) -> Result<Pooling> {
    let config: PoolingConfig = json(file)?;
    let others = config.pooling_mode_max_tokens
        || config.pooling_mode_mean_sqrt_len_tokens
        || config.pooling_mode_weightedmean_tokens
        || config.pooling_mode_lasttoken;
    match (config.pooling_mode.as_deref(), config.pooling_mode_mean_tokens, config.pooling_mode_cls_token) {
        (Some("mean"), ..) | (None, true, false) if !others => Ok(Pooling::Mean),
        (Some("cls"), ..) | (None, false, true) if !others => Ok(Pooling::Cls),
        _ => Err(Error::new(ErrorKind::Unsupported, OPERATION, "only mean and cls pooling are supported")
            .with("path", file.display())),
    }
}

fn json<T: DeserializeOwned>(file: &Path) -> Result<T> {
    serde_json::from_slice(&bytes(file)?).map_err(|error| {
        Error::new(ErrorKind::Model, OPERATION, "a model file is not the JSON it should be")
            .with("path", file.display())
            .caused_by(error)
    })
}

fn bytes(file: &Path) -> Result<Vec<u8>> {
    let failed = |error: std::io::Error| {
        let message = match error.kind() {
            std::io::ErrorKind::NotFound => "a model file is missing",
            _ => "a model file cannot be read",
        };
        Error::new(ErrorKind::Model, OPERATION, message).with("path", file.display()).caused_by(error)
    };
    let size = fs::metadata(file).map_err(failed)?.len();
    if size > LARGEST_JSON {
        return Err(Error::new(ErrorKind::Model, OPERATION, "a model's configuration file is too large")
            .with("path", file.display())
            .with("bytes", size));
    }
    fs::read(file).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let file = folder.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        folder
    }

    const BASE: [(&str, &str); 3] = [
        (
            "config.json",
            r#"{"model_type": "bert", "_name_or_path": "a/mini", "max_position_embeddings": 64}"#,
        ),
        ("tokenizer.json", "{}"),
        ("model.safetensors", ""),
    ];

    fn open(more: &[(&str, &str)]) -> Result<Directory> {
        let files: Vec<_> = BASE.iter().chain(more).copied().collect();
        Directory::open(folder(&files).path())
    }

    #[test]
    fn a_plain_folder_gets_the_usual_defaults() {
        let model = open(&[]).unwrap();
        assert_eq!((model.name.as_str(), model.max_tokens), ("mini", 64));
        assert_eq!((model.pooling, model.normalise), (Pooling::Mean, true));
    }

    #[test]
    fn modules_decide_pooling_and_normalisation() {
        let modules =
            r#"[{"path": "", "type": "x.Transformer"}, {"path": "1_Pooling", "type": "x.Pooling"}]"#;
        let cls = r#"{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false}"#;
        let length = ("sentence_bert_config.json", r#"{"max_seq_length": 16}"#);
        let model = open(&[("modules.json", modules), ("1_Pooling/config.json", cls), length]).unwrap();
        assert_eq!((model.pooling, model.normalise, model.max_tokens), (Pooling::Cls, false, 16));

        let max = r#"{"pooling_mode_max_tokens": true}"#;
        let error = open(&[("modules.json", modules), ("1_Pooling/config.json", max)]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        let dense = r#"[{"path": "2_Dense", "type": "x.Dense"}]"#;
        assert_eq!(open(&[("modules.json", dense)]).unwrap_err().kind(), ErrorKind::Unsupported);
        let outside = r#"[{"path": "../other", "type": "x.Pooling"}]"#;
        assert_eq!(open(&[("modules.json", outside)]).unwrap_err().kind(), ErrorKind::Model);
    }

    #[test]
    fn each_missing_or_broken_file_is_named() {
        for missing in ["config.json", "tokenizer.json", "model.safetensors"] {
            let files: Vec<_> = BASE.iter().filter(|(name, _)| *name != missing).copied().collect();
            let error = Directory::open(folder(&files).path()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Model);
            assert!(error.to_string().contains(missing), "{error}");
        }
        let error = open(&[("config.json", "{")]).unwrap_err();
        assert!(error.to_string().contains("config.json"), "{error}");
        assert_eq!(Directory::open(Path::new("no/such/model")).unwrap_err().kind(), ErrorKind::Model);
    }
}
