//! What things cost. Not run with the others; to read the figures:
//! `cargo test --release -p besunny index::tests::costs -- --ignored --nocapture --test-threads 1`
#![expect(clippy::print_stdout, reason = "figures are for reading")]

use std::time::{Duration, Instant};

use super::*;

const WORDS: usize = 120;
const VOCABULARY: f64 = 60_000.0;

struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / (1_u64 << 31) as f64
    }

    /// A word; frequent ones have low numbers.
    fn word(&mut self) -> String {
        format!("w{}", VOCABULARY.powf(self.next()) as u64)
    }

    fn terms(&mut self, count: usize) -> Vec<IndexTerm> {
        (0..count as u32).map(|position| IndexTerm::new(self.word(), position)).collect()
    }

    fn vector(&mut self, dimension: usize) -> Vec<f32> {
        (0..dimension).map(|_| self.next() as f32 - 0.5).collect()
    }

    fn document(&mut self, number: u32, chunks: u32, words: usize, dimension: usize) -> IndexChange {
        let id = |salt: u32| -> [u8; 16] {
            let mut id = [0; 16];
            id[..4].copy_from_slice(&number.to_le_bytes());
            id[4..8].copy_from_slice(&salt.to_le_bytes());
            id
        };
        IndexChange::Put(IndexedDocument {
            id: DocumentId::from_bytes(id(0)),
            order: u64::from(number),
            title_terms: self.terms(6),
            chunks: (0..chunks)
                .map(|ordinal| IndexedChunk {
                    id: ChunkId::from_bytes(id(ordinal + 1)),
                    ordinal,
                    terms: self.terms(words),
                    vector: (dimension > 0).then(|| self.vector(dimension)),
                })
                .collect(),
            ..mail(0, "", &[])
        })
    }
}

/// The median of some runs, after one to warm up.
fn median(runs: usize, mut work: impl FnMut(usize)) -> Duration {
    work(0);
    let mut times: Vec<Duration> = (1..=runs)
        .map(|run| {
            let begun = Instant::now();
            work(run);
            begun.elapsed()
        })
        .collect();
    times.sort();
    times[runs / 2]
}

#[test]
#[ignore = "figures, no checks"]
fn applying() {
    let folder = tempfile::tempdir().expect("folder");
    let index = TenantIndex::open(folder.path(), Some(384), KEY, PATIENCE).expect("opens");
    let mut random = Random(7);
    let mut number = 0;
    let mut documents = |count: u32| -> Vec<IndexChange> {
        number += count;
        (number - count..number).map(|n| random.document(n, 3, WORDS, 384)).collect()
    };
    for size in [1, 10, 1_000] {
        let runs = if size == 1_000 { 9 } else { 101 };
        let mut batches: Vec<_> = (0..=runs).map(|_| documents(size)).collect();
        let mut position = index.level().position;
        let time = median(runs, |_| {
            position += 1;
            index.apply(batches.pop().expect("batch"), position).expect("applies");
        });
        println!("apply {size} documents of 3 chunks: {time:?} ({} segments)", index.segment_count());
    }
    let mut again = Random(9);
    let time = median(51, |run| {
        let changes = vec![again.document(run as u32, 3, WORDS, 384)];
        index.apply(changes, index.level().position + 1).expect("applies");
    });
    println!("replace one among {}: {time:?} ({} segments)", index.document_count(), index.segment_count());
    let time = median(101, |run| {
        let mut id = [0; 16];
        id[..4].copy_from_slice(&(run as u32).to_le_bytes());
        let change = IndexChange::Move { document: DocumentId::from_bytes(id), project: Some(project_id(1)) };
        index.apply(vec![change], index.level().position + 1).expect("applies");
    });
    println!("move one: {time:?}");
    let time = median(101, |_| index.apply(vec![], index.level().position + 1).expect("applies"));
    println!("nothing but a position: {time:?}");
    let time = median(5, |_| index.release_writer());
    println!("release the writer: {time:?}");
    drop(index);
    let time =
        median(5, |_| drop(TenantIndex::open(folder.path(), Some(384), KEY, PATIENCE).expect("opens")));
    println!("open: {time:?}");
}

#[test]
#[ignore = "figures, no checks"]
fn searching() {
    for chunks in [5_000_u32, 100_000] {
        let folder = tempfile::tempdir().expect("folder");
        let index = TenantIndex::open(folder.path(), Some(384), KEY, PATIENCE).expect("opens");
        let mut random = Random(3);
        let begun = Instant::now();
        let mut making = Duration::ZERO;
        for batch in 0..chunks / 5_000 {
            let making_begun = Instant::now();
            let changes = (0..1_000).map(|n| random.document(batch * 1_000 + n, 5, WORDS, 384)).collect();
            making += making_begun.elapsed();
            index.apply(changes, u64::from(batch) + 1).expect("applies");
        }
        println!("{chunks} chunks in {:?} ({} segments)", begun.elapsed() - making, index.segment_count());
        let filter = DocumentFilter::default();
        let ask = |text: &str| {
            let query = query(text);
            let time = median(31, |_| drop(index.lexical(&query, &filter, 100).expect("searches")));
            println!("  {text}: {time:?}");
        };
        ask("w5000 w20000 w900");
        ask("w40 w300 w7 w2500 w1");
        ask("\"w1 w2\"");
        ask("w300 \"w7 w40\" -w2");
        let long: Vec<String> = (0..60).map(|n| format!("w{}", 3 + n * n)).collect();
        ask(&long.join(" "));
        let nobody = DocumentFilter { source: Some("upload".into()), ..Default::default() };
        let common = query("w40 w300 w7 w2500 w1");
        let time = median(31, |_| drop(index.lexical(&common, &nobody, 100).expect("searches")));
        println!("  the second with a filter that nothing passes: {time:?}");
        let vector = random.vector(384);
        let time = median(31, |_| drop(index.semantic(&vector, &filter, 100).expect("searches")));
        println!("  nearest of {chunks}: {time:?}");
        let time = median(3, |_| index.compact().expect("compacts"));
        println!("  compaction: {time:?}");
        let time = median(9, |_| assert!(index.is_complete()));
        println!("  completeness: {time:?}");
        drop(index);
        let time =
            median(5, |_| drop(TenantIndex::open(folder.path(), Some(384), KEY, PATIENCE).expect("opens")));
        println!("  open: {time:?}");
    }
}
