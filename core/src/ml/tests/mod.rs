//! The room as a whole. Tests that run a model need ONNX Runtime at `ORT_DYLIB_PATH`, and
//! some a real model at `BESUNNY_MODEL`; without them they say so and pass.

mod tiny;

use std::path::{Path, PathBuf};

use tiny::{MAX_TOKENS, Tiny, WIDTH};

use super::bert::Bert;
use super::directory::Directory;
use super::fingerprint::fingerprint;
use super::tokens::Tokens;
use super::{Encoder, ModelOptions};
use crate::base::{Error, ErrorKind};
use crate::domain::Precision;

const PRECISIONS: [Precision; 2] = [Precision::Fp32, Precision::Int8];

#[expect(clippy::disallowed_methods, clippy::print_stderr, reason = "how a test is told where things are")]
fn variable(name: &str) -> Option<PathBuf> {
    let value = std::env::var_os(name).map(PathBuf::from);
    if value.is_none() {
        eprintln!("skipped: {name} is not set");
    }
    value
}

fn load(model: &Path, precision: Precision, threads: usize) -> Option<Result<Encoder, Error>> {
    let mut options = ModelOptions::new(model);
    options.precision = precision;
    options.threads = threads;
    options.runtime_library = Some(variable("ORT_DYLIB_PATH")?);
    Some(Encoder::load(options))
}

/// Texts of every length, and the odd ones.
fn texts() -> Vec<String> {
    let words = ["the", "drone", "permit", "Lisbon", "invoice", "xylophone", "."];
    let mut texts: Vec<String> = (0..60)
        .map(|n| (0..n).map(|i| words[(i * i + n) % words.len()]).collect::<Vec<_>>().join(" "))
        .collect();
    texts.extend(["", " \t\n", "\u{0}\u{FFFD}\u{200B}", "é😀漢字", "the drone"].map(str::to_owned));
    texts.push("drone permit ".repeat(8_000));
    texts.push("x".repeat(100_000));
    texts
}

fn assert_independent(model: &Path, texts: &[String]) {
    for precision in PRECISIONS {
        let Some(one) = load(model, precision, 1) else { return };
        let one = one.unwrap();
        let alone: Vec<Vec<f32>> =
            texts.iter().map(|text| one.embed_blocking(&[text]).unwrap().remove(0)).collect();
        for vector in &alone {
            assert_eq!(vector.len(), one.info().dimension);
            let length: f32 = vector.iter().map(|v| v * v).sum();
            assert!((length - 1.0).abs() < 1e-5, "length {length}");
        }
        for batch in [8, 32, 1000] {
            let together: Vec<Vec<f32>> =
                texts.chunks(batch).flat_map(|part| one.embed_blocking(part).unwrap()).collect();
            assert_eq!(together, alone, "{precision}, {batch} in a call");
        }
        let three = load(model, precision, 3).unwrap().unwrap();
        assert_eq!(three.embed_blocking(texts).unwrap(), alone, "{precision}, three threads");
        let reversed: Vec<&String> = texts.iter().rev().collect();
        let mut back = three.embed_blocking(&reversed).unwrap();
        back.reverse();
        assert_eq!(back, alone, "{precision}, reversed");
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let awaited = runtime.block_on(three.embed(texts.to_vec())).unwrap();
        assert_eq!(awaited, alone, "{precision}, awaited");
    }
}

#[test]
fn vectors_do_not_depend_on_batch_or_threads() {
    assert_independent(Tiny::new().path(), &texts());
}

#[test]
fn vectors_of_a_real_model_do_not_depend_on_batch_or_threads() {
    if let Some(model) = variable("BESUNNY_MODEL") {
        assert_independent(&model, &texts());
    }
}

#[test]
fn int8_stays_close_to_fp32_and_both_tell_texts_apart() {
    let tiny = Tiny::new();
    let texts = ["the drone permit", "an invoice from Lisbon, again"];
    let mut both = Vec::new();
    for precision in PRECISIONS {
        let Some(encoder) = load(tiny.path(), precision, 1) else { return };
        let encoder = encoder.unwrap();
        assert_eq!((encoder.info().dimension, encoder.info().max_tokens), (WIDTH, MAX_TOKENS));
        both.push(encoder.embed_blocking(&texts).unwrap());
    }
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    assert!(dot(&both[0][0], &both[1][0]) > 0.995);
    assert!(dot(&both[0][0], &both[0][1]) < 0.99);
}

#[test]
fn equal_texts_and_no_texts() {
    let Some(encoder) = load(Tiny::new().path(), Precision::Int8, 2) else { return };
    let encoder = encoder.unwrap();
    let vectors = encoder.embed_blocking(&["a", "b", "a"]).unwrap();
    assert_eq!(vectors[0], vectors[2]);
    assert_ne!(vectors[0], vectors[1]);
    let none: [&str; 0] = [];
    assert!(encoder.embed_blocking(&none).unwrap().is_empty());
}

#[test]
fn giving_up_a_call_leaves_the_encoder_usable() {
    let Some(encoder) = load(Tiny::new().path(), Precision::Fp32, 1) else { return };
    let encoder = encoder.unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let many = (0..20_000).map(|n| format!("the drone {n}")).collect();
        let limit = std::time::Duration::from_millis(1);
        assert!(tokio::time::timeout(limit, encoder.embed(many)).await.is_err());
        assert_eq!(encoder.embed(vec!["the".into()]).await.unwrap().len(), 1);
    });
}

#[test]
fn a_long_text_is_cut_without_changing_its_first_tokens() {
    let json = Tiny::new().read("tokenizer.json");
    let short = Tokens::new(&json, 24).unwrap();
    let unlimited = Tokens::new(&json, usize::MAX / 32).unwrap();
    let megabyte = ["drone permit ".repeat(80_000), "x".repeat(1_000_000)];
    for text in texts().into_iter().chain(megabyte) {
        let mut want = unlimited.encode(&text).unwrap();
        if want.len() > 24 {
            want.truncate(23);
            want.push(3);
        }
        let start: String = text.chars().take(40).collect();
        assert_eq!(short.encode(&text).unwrap(), want, "{start}");
    }
    let spaces = format!("{}{}", " ".repeat(300_000), "drone permit");
    assert_eq!(short.encode(&spaces).unwrap().len(), 4);
}

fn bert_error(tiny: &Tiny) -> Error {
    let file = tiny.path().join("model.safetensors");
    Bert::load(&Directory::open(tiny.path()).unwrap(), &file, Precision::Int8).err().unwrap()
}

#[test]
fn damaged_weights_are_typed_errors() {
    let tiny = Tiny::new();
    let whole = tiny.read("model.safetensors");
    for length in [0, 7, 8, 100, whole.len() / 2, whole.len() - 1] {
        tiny.write("model.safetensors", &whole[..length]);
        assert_eq!(bert_error(&tiny).kind(), ErrorKind::Model, "{length} bytes");
    }
    let mut header = whole.clone();
    header[..8].fill(0xFF);
    tiny.write("model.safetensors", &header);
    assert_eq!(bert_error(&tiny).kind(), ErrorKind::Model);

    tiny.without(|name| !name.contains("layer.1.output.dense.bias"));
    let error = bert_error(&tiny);
    assert!(error.to_string().contains("layer.1.output.dense.bias"), "{error}");

    tiny.write("model.safetensors", &whole);
    let config = String::from_utf8(tiny.read("config.json")).unwrap();
    tiny.write("config.json", config.replace("\"intermediate_size\":64", "\"intermediate_size\":65"));
    assert_eq!(bert_error(&tiny).kind(), ErrorKind::Model);
    tiny.write("config.json", config.replace("\"bert\"", "\"mpnet\""));
    assert_eq!(bert_error(&tiny).kind(), ErrorKind::Unsupported);
    tiny.write("config.json", config.replace("\"num_attention_heads\":2", "\"num_attention_heads\":0"));
    assert_eq!(bert_error(&tiny).kind(), ErrorKind::Model);
    assert_eq!(Tokens::new(b"{}", 8).err().unwrap().kind(), ErrorKind::Model);
}

#[test]
fn a_tokenizer_that_does_not_fit_is_a_typed_error() {
    let tiny = Tiny::new();
    let json = String::from_utf8(tiny.read("tokenizer.json")).unwrap();
    tiny.write("tokenizer.json", json.replace("\"drone\":5", "\"drone\":5000"));
    let Some(encoder) = load(tiny.path(), Precision::Fp32, 1) else { return };
    let encoder = encoder.unwrap();
    assert_eq!(encoder.embed_blocking(&["a drone"]).unwrap_err().kind(), ErrorKind::Model);
    assert!(encoder.embed_blocking(&["a permit"]).is_ok(), "the thread lives on");
}

#[test]
fn a_damaged_onnx_file_is_a_typed_error() {
    let tiny = Tiny::new();
    std::fs::remove_file(tiny.path().join("model.safetensors")).unwrap();
    tiny.write("model.onnx", b"not a graph");
    let Some(result) = load(tiny.path(), Precision::Fp32, 1) else { return };
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Model);
    let error = load(tiny.path(), Precision::Int8, 1).unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn the_fingerprint_covers_weights_tokenizer_pooling_and_precision() {
    let tiny = Tiny::new();
    let print = |precision| fingerprint(&Directory::open(tiny.path()).unwrap(), precision).unwrap();
    let mut seen = vec![print(Precision::Fp32), print(Precision::Int8)];
    assert_eq!(seen[0], print(Precision::Fp32));
    let mut weights = tiny.read("model.safetensors");
    *weights.last_mut().unwrap() ^= 1;
    tiny.write("model.safetensors", weights);
    seen.push(print(Precision::Fp32));
    let json = String::from_utf8(tiny.read("tokenizer.json")).unwrap();
    tiny.write("tokenizer.json", json.replace("\"lowercase\":true", "\"lowercase\":false"));
    seen.push(print(Precision::Fp32));
    tiny.write("modules.json", r#"[{"path": "", "type": "x.Transformer"}]"#);
    seen.push(print(Precision::Fp32));
    let distinct: std::collections::HashSet<_> = seen.iter().collect();
    assert_eq!(distinct.len(), seen.len());
    assert!(seen.iter().all(|print| print.len() == 64));
}

#[test]
fn the_encoder_can_be_shared_between_threads() {
    fn assert_shared<T: Send + Sync + 'static>() {}
    assert_shared::<Encoder>();
}
