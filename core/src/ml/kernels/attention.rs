//! Self-attention over texts laid end to end, without padding and without a mask.

use super::elementary::{exp, max_by, sum_by};
use super::{FloatRow, IntRow, Row, vectorised};

/// Head columns and keys are padded with zeros to a multiple of this.
const BLOCK: usize = 32;
/// Queries that share one pass over keys and values.
const QUERIES: usize = 4;

/// The shape of one attention layer.
#[derive(Clone, Copy, Debug)]
pub(in crate::ml) struct Attention {
    /// The number of heads.
    pub(in crate::ml) heads: usize,
    /// Columns in a head; `heads * head_size` is the width of the model.
    pub(in crate::ml) head_size: usize,
}

/// Buffers reused between texts; they grow to the longest text seen.
#[derive(Default)]
pub(in crate::ml) struct Scratch {
    /// One row of queries, keys and values.
    row: Vec<f32>,
    /// For each head and each [`QUERIES`] tokens, `[head, QUERIES]`.
    queries: Vec<f32>,
    /// For each head and each [`BLOCK`] tokens, `[head, BLOCK]`.
    keys: Vec<f32>,
    /// For each head and each [`BLOCK`] of its columns, `[length, BLOCK]`.
    values: Vec<f32>,
    /// `[QUERIES, padded length]`.
    scores: Vec<f32>,
}

impl Attention {
    /// Attends within one text of `length` tokens. `row(t)` is the row of the fused
    /// query-key-value product for token `t` (three times the model's width), `bias` is
    /// added to it. `out` is `[length, width]`.
    pub(in crate::ml) fn run_float<'a>(
        self,
        length: usize,
        row: impl Fn(usize) -> FloatRow<'a>,
        bias: &[f32],
        scratch: &mut Scratch,
        out: &mut [f32],
    ) {
        self.prepare(length, scratch);
        for token in 0..length {
            load_float(row(token), bias, &mut scratch.row);
            self.scatter(token, length, scratch);
        }
        self.attend(length, scratch, out);
    }

    /// As [`Attention::run_float`], from an integer product.
    pub(in crate::ml) fn run_int<'a>(
        self,
        length: usize,
        row: impl Fn(usize) -> IntRow<'a>,
        bias: &[f32],
        scratch: &mut Scratch,
        out: &mut [f32],
    ) {
        self.prepare(length, scratch);
        for token in 0..length {
            load_int(row(token), bias, &mut scratch.row);
            self.scatter(token, length, scratch);
        }
        self.attend(length, scratch, out);
    }

    fn prepare(self, length: usize, scratch: &mut Scratch) {
        let keys = length.next_multiple_of(BLOCK);
        let zeroed = |buffer: &mut Vec<f32>, size: usize| {
            buffer.clear();
            buffer.resize(size, 0.0);
        };
        let width = self.heads * self.head_size;
        zeroed(&mut scratch.row, 3 * width);
        zeroed(&mut scratch.queries, length.next_multiple_of(QUERIES) * width);
        zeroed(&mut scratch.keys, keys * width);
        zeroed(&mut scratch.values, self.heads * self.head_size.next_multiple_of(BLOCK) * length);
        zeroed(&mut scratch.scores, QUERIES * keys);
    }

    /// Puts the loaded row of `token` where each head finds it.
    fn scatter(self, token: usize, length: usize, scratch: &mut Scratch) {
        let size = self.head_size;
        let (rows, keys) = (length.next_multiple_of(QUERIES), length.next_multiple_of(BLOCK));
        let columns = size.next_multiple_of(BLOCK);
        let (all_queries, rest) = scratch.row.split_at(self.heads * size);
        let (all_keys, all_values) = rest.split_at(self.heads * size);
        for h in 0..self.heads {
            let start = (h * rows + token / QUERIES * QUERIES) * size + token % QUERIES;
            let places = scratch.queries[start..].iter_mut().step_by(QUERIES);
            for (place, &value) in places.zip(&all_queries[h * size..][..size]) {
                *place = value;
            }
            let start = (h * keys + token / BLOCK * BLOCK) * size + token % BLOCK;
            let places = scratch.keys[start..].iter_mut().step_by(BLOCK);
            for (place, &value) in places.zip(&all_keys[h * size..][..size]) {
                *place = value;
            }
            for (block, part) in all_values[h * size..][..size].chunks(BLOCK).enumerate() {
                let start = h * columns * length + (block * length + token) * BLOCK;
                scratch.values[start..][..part.len()].copy_from_slice(part);
            }
        }
    }

    fn attend(self, length: usize, scratch: &mut Scratch, out: &mut [f32]) {
        let queries = length.next_multiple_of(QUERIES) * self.head_size;
        let keys = length.next_multiple_of(BLOCK) * self.head_size;
        let values = length * self.head_size.next_multiple_of(BLOCK);
        for h in 0..self.heads {
            attend_head(
                self,
                h,
                length,
                &scratch.queries[h * queries..][..queries],
                &scratch.keys[h * keys..][..keys],
                &scratch.values[h * values..][..values],
                &mut scratch.scores,
                out,
            );
        }
    }
}

vectorised! {
    fn load_float(row: FloatRow<'_>, bias: &[f32], out: &mut [f32]) {
        load(row, bias, out);
    }
}

vectorised! {
    fn load_int(row: IntRow<'_>, bias: &[f32], out: &mut [f32]) {
        load(row, bias, out);
    }
}

#[inline(always)]
fn load(row: impl Row, bias: &[f32], out: &mut [f32]) {
    let n = row.len().min(bias.len()).min(out.len());
    for j in 0..n {
        out[j] = row.at(j) + bias[j];
    }
}

vectorised! {
    fn attend_head(
        shape: Attention, h: usize, length: usize, queries: &[f32], keys: &[f32], values: &[f32],
        scores: &mut [f32], out: &mut [f32],
    ) {
        let (size, padded) = (shape.head_size, length.next_multiple_of(BLOCK));
        let width = shape.heads * size;
        let scale = 1.0 / (size as f32).sqrt();
        for (block, queries) in queries.chunks_exact(QUERIES * size).enumerate() {
            score(queries, keys, size, padded, scale, scores);
            for row in scores.chunks_exact_mut(padded) {
                softmax(&mut row[..length]);
            }
            let first = block * QUERIES;
            for (part, values) in values.chunks_exact(length * BLOCK).enumerate() {
                let sums = weigh(scores, padded, values);
                let columns = part * BLOCK..size.min((part + 1) * BLOCK);
                for (query, row) in sums.iter().enumerate().take(length - first) {
                    let place = (first + query) * width + h * size;
                    out[place + columns.start..place + columns.end].copy_from_slice(&row[..columns.len()]);
                }
            }
        }
    }
}

/// `scores[q, k] = scale * sum over d of queries[d, q] * keys[d, k]`, d ascending.
#[inline(always)]
fn score(queries: &[f32], keys: &[f32], size: usize, padded: usize, scale: f32, scores: &mut [f32]) {
    for (block, keys) in keys.chunks_exact(size * BLOCK).enumerate() {
        let mut sums = [[0.0f32; BLOCK]; QUERIES];
        for d in 0..size {
            let Some(key) = keys[d * BLOCK..].first_chunk() else { break };
            accumulate(&mut sums, key, |query| queries[d * QUERIES + query]);
        }
        for (sum, scores) in sums.iter().zip(scores.chunks_exact_mut(padded)) {
            let out = &mut scores[block * BLOCK..][..BLOCK];
            for l in 0..BLOCK {
                out[l] = sum[l] * scale;
            }
        }
    }
}

#[inline(always)]
fn softmax(row: &mut [f32]) {
    let largest = max_by(row, f32::MIN, |v| v);
    for value in row.iter_mut() {
        *value = exp(*value - largest);
    }
    let inverse = 1.0 / sum_by(row, |v| v);
    for value in row.iter_mut() {
        *value *= inverse;
    }
}

/// Adds `row` to each sum, weighted. Bounds known at compile time keep the sums in
/// registers; without them this is five times slower.
#[inline(always)]
fn accumulate(sums: &mut [[f32; BLOCK]; QUERIES], row: &[f32; BLOCK], mut weight: impl FnMut(usize) -> f32) {
    for (query, sum) in sums.iter_mut().enumerate() {
        let weight = weight(query);
        for l in 0..BLOCK {
            sum[l] += weight * row[l];
        }
    }
}

/// The weighted sums of the rows of `values` (`[length, BLOCK]`) for [`QUERIES`] queries,
/// keys ascending.
#[inline(always)]
fn weigh(scores: &[f32], padded: usize, values: &[f32]) -> [[f32; BLOCK]; QUERIES] {
    let mut sums = [[0.0f32; BLOCK]; QUERIES];
    for key in 0..values.len() / BLOCK {
        let Some(value) = values[key * BLOCK..].first_chunk() else { break };
        accumulate(&mut sums, value, |query| scores[query * padded + key]);
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::super::tests::{numbers, same_on_every_unit};
    use super::*;

    /// The definition, in double precision.
    fn reference(shape: Attention, length: usize, product: &[f32]) -> Vec<f64> {
        let (size, width) = (shape.head_size, shape.heads * shape.head_size);
        let at = |t: usize, j: usize| f64::from(product[t * 3 * width + j]);
        let mut out = vec![0.0; length * width];
        for h in 0..shape.heads {
            for q in 0..length {
                let scores: Vec<f64> = (0..length)
                    .map(|k| {
                        let dot: f64 =
                            (0..size).map(|d| at(q, h * size + d) * at(k, width + h * size + d)).sum();
                        (dot / (size as f64).sqrt()).exp()
                    })
                    .collect();
                let total: f64 = scores.iter().sum();
                for d in 0..size {
                    out[q * width + h * size + d] =
                        (0..length).map(|k| scores[k] / total * at(k, 2 * width + h * size + d)).sum();
                }
            }
        }
        out
    }

    #[test]
    fn agrees_with_the_definition_on_every_unit() {
        for (heads, head_size, length) in [(2, 4, 1), (3, 32, 7), (2, 64, 33), (1, 48, 70)] {
            let shape = Attention { heads, head_size };
            let width = heads * head_size;
            let product: Vec<f32> = numbers(9, length * 3 * width).iter().map(|v| v * 3.0).collect();
            let bias = vec![0.0; 3 * width];
            let out = same_on_every_unit(|| {
                let mut out = vec![0.0; length * width];
                let row = |t: usize| FloatRow(&product[t * 3 * width..][..3 * width]);
                shape.run_float(length, row, &bias, &mut Scratch::default(), &mut out);
                out
            });
            for (got, want) in out.iter().zip(reference(shape, length, &product)) {
                assert!((f64::from(*got) - want).abs() < 1e-5, "{got} {want}");
            }
        }
    }
}
