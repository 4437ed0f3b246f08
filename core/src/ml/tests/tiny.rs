//! A BERT model of a few kilobytes with random weights, written to a folder.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use safetensors::tensor::{Dtype, TensorView};
use serde_json::json;

pub(super) const WIDTH: usize = 32;
pub(super) const MAX_TOKENS: usize = 40;
const INNER: usize = 64;
const LAYERS: usize = 2;

/// A model folder that lives as long as the value.
pub(super) struct Tiny(tempfile::TempDir);

impl Tiny {
    pub(super) fn new() -> Self {
        let tiny = Self(tempfile::tempdir().unwrap());
        let vocabulary = vocabulary();
        let config = json!({
            "model_type": "bert", "hidden_size": WIDTH, "num_hidden_layers": LAYERS,
            "num_attention_heads": 2, "intermediate_size": INNER, "hidden_act": "gelu",
            "max_position_embeddings": MAX_TOKENS,
        });
        tiny.write("config.json", config.to_string());
        tiny.write("tokenizer.json", tokenizer(&vocabulary).to_string());
        tiny.write("model.safetensors", weights(vocabulary.len(), |_| true));
        tiny
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(super) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path().join(name), content).unwrap();
    }

    pub(super) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path().join(name)).unwrap()
    }

    /// Leaves out the tensors that `keep` refuses.
    pub(super) fn without(&self, keep: impl Fn(&str) -> bool) {
        self.write("model.safetensors", weights(vocabulary().len(), keep));
    }
}

fn vocabulary() -> Vec<String> {
    let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"].map(str::to_owned);
    let words = ["the", "drone", "permit", "lisbon", "invoice", ".", ",", "!"].map(str::to_owned);
    let letters = ('a'..='z').flat_map(|letter| [letter.to_string(), format!("##{letter}")]);
    special.into_iter().chain(words).chain(letters).collect()
}

fn tokenizer(vocabulary: &[String]) -> serde_json::Value {
    let ids: HashMap<&String, usize> = vocabulary.iter().zip(0..).collect();
    let special = |name: &str, id: usize| json!({"id": name, "ids": [id], "tokens": [name]});
    json!({
        "version": "1.0",
        "truncation": {"direction": "Right", "max_length": 5, "strategy": "LongestFirst", "stride": 0},
        "padding": {"strategy": {"Fixed": 7}, "direction": "Right", "pad_to_multiple_of": null,
                    "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"},
        "added_tokens": [],
        "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
                       "strip_accents": null, "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                       {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {"[CLS]": special("[CLS]", 2), "[SEP]": special("[SEP]", 3)}},
        "decoder": null,
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 100, "vocab": ids},
    })
}

fn weights(words: usize, keep: impl Fn(&str) -> bool) -> Vec<u8> {
    let mut shapes: Vec<(String, Vec<usize>)> = vec![
        ("embeddings.word_embeddings.weight".into(), vec![words, WIDTH]),
        ("embeddings.position_embeddings.weight".into(), vec![MAX_TOKENS, WIDTH]),
        ("embeddings.token_type_embeddings.weight".into(), vec![2, WIDTH]),
        ("embeddings.LayerNorm.weight".into(), vec![WIDTH]),
        ("embeddings.LayerNorm.bias".into(), vec![WIDTH]),
    ];
    for layer in 0..LAYERS {
        let linear = [
            ("attention.self.query", WIDTH, WIDTH),
            ("attention.self.key", WIDTH, WIDTH),
            ("attention.self.value", WIDTH, WIDTH),
            ("attention.output.dense", WIDTH, WIDTH),
            ("intermediate.dense", INNER, WIDTH),
            ("output.dense", WIDTH, INNER),
        ];
        for (name, outputs, inputs) in linear {
            shapes.push((format!("encoder.layer.{layer}.{name}.weight"), vec![outputs, inputs]));
            shapes.push((format!("encoder.layer.{layer}.{name}.bias"), vec![outputs]));
        }
        for name in ["attention.output.LayerNorm", "output.LayerNorm"] {
            shapes.push((format!("encoder.layer.{layer}.{name}.weight"), vec![WIDTH]));
            shapes.push((format!("encoder.layer.{layer}.{name}.bias"), vec![WIDTH]));
        }
    }
    shapes.retain(|(name, _)| keep(name));
    let mut state = 0x2545_F491_4F6C_DD1Du64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    let tensors: Vec<(String, Vec<usize>, Vec<u8>)> = shapes
        .into_iter()
        .map(|(name, shape)| {
            let count = shape.iter().product();
            let base = if name.ends_with("LayerNorm.weight") { 1.0 } else { 0.0 };
            let bytes = (0..count).flat_map(|_| (base + 0.3 * random()).to_le_bytes()).collect();
            (name, shape, bytes)
        })
        .collect();
    let views = tensors.iter().map(|(name, shape, bytes)| {
        (name.as_str(), TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap())
    });
    safetensors::serialize(views, None).unwrap()
}
