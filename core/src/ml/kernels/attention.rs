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
    /// `[length, padded head]` for each head.
    queries: Vec<f32>,
    /// `[padded head, padded length]` for each head.
    keys: Vec<f32>,
    /// `[length, padded head]` for each head.
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

    fn padded_head(self) -> usize {
        self.head_size.next_multiple_of(BLOCK)
    }

    fn prepare(self, length: usize, scratch: &mut Scratch) {
        let (head, keys) = (self.padded_head(), length.next_multiple_of(BLOCK));
        let zeroed = |buffer: &mut Vec<f32>, size: usize| {
            buffer.clear();
            buffer.resize(size, 0.0);
        };
        zeroed(&mut scratch.row, 3 * self.heads * self.head_size);
        zeroed(&mut scratch.queries, self.heads * length.next_multiple_of(QUERIES) * head);
        zeroed(&mut scratch.keys, self.heads * head * keys);
        zeroed(&mut scratch.values, self.heads * length * head);
        zeroed(&mut scratch.scores, QUERIES * keys);
    }

    /// Puts the loaded row of `token` where each head finds it.
    fn scatter(self, token: usize, length: usize, scratch: &mut Scratch) {
        let (size, head, keys) = (self.head_size, self.padded_head(), length.next_multiple_of(BLOCK));
        let rows = length.next_multiple_of(QUERIES);
        let width = self.heads * size;
        for h in 0..self.heads {
            let query = &scratch.row[h * size..][..size];
            scratch.queries[(h * rows + token) * head..][..size].copy_from_slice(query);
            let key = &scratch.row[width + h * size..][..size];
            for (d, &value) in key.iter().enumerate() {
                scratch.keys[(h * head + d) * keys + token] = value;
            }
            let value = &scratch.row[2 * width + h * size..][..size];
            scratch.values[(h * length + token) * head..][..size].copy_from_slice(value);
        }
    }

    fn attend(self, length: usize, scratch: &mut Scratch, out: &mut [f32]) {
        let (head, keys) = (self.padded_head(), length.next_multiple_of(BLOCK));
        let rows = length.next_multiple_of(QUERIES);
        for h in 0..self.heads {
            attend_head(
                self,
                h,
                length,
                &scratch.queries[h * rows * head..][..rows * head],
                &scratch.keys[h * head * keys..][..head * keys],
                &scratch.values[h * length * head..][..length * head],
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
        let head = shape.head_size.next_multiple_of(BLOCK);
        let padded = length.next_multiple_of(BLOCK);
        let width = shape.heads * shape.head_size;
        let scale = 1.0 / (shape.head_size as f32).sqrt();
        let mut first = 0;
        while first < length {
            let block = &queries[first * head..][..QUERIES * head];
            score(block, head, shape.head_size, keys, padded, scale, scores);
            for query in 0..QUERIES {
                softmax(&mut scores[query * padded..][..length]);
            }
            for column in (0..head).step_by(BLOCK) {
                let sums = weigh(scores, padded, values, head, column, length);
                for (query, row) in sums.iter().enumerate().take(length - first) {
                    let start = column.min(shape.head_size);
                    let end = (column + BLOCK).min(shape.head_size);
                    let place = (first + query) * width + h * shape.head_size;
                    out[place + start..place + end].copy_from_slice(&row[..end - start]);
                }
            }
            first += QUERIES;
        }
    }
}

/// `scores[q, k] = scale * sum over d of queries[q, d] * keys[d, k]`, d ascending.
#[inline(always)]
fn score(
    queries: &[f32],
    head: usize,
    size: usize,
    keys: &[f32],
    padded: usize,
    scale: f32,
    scores: &mut [f32],
) {
    for column in (0..padded).step_by(BLOCK) {
        let mut sums = [[0.0f32; BLOCK]; QUERIES];
        for d in 0..size {
            let key = &keys[d * padded + column..][..BLOCK];
            for (query, sum) in sums.iter_mut().enumerate() {
                let q = queries[query * head + d];
                for l in 0..BLOCK {
                    sum[l] += q * key[l];
                }
            }
        }
        for (query, sum) in sums.iter().enumerate() {
            let out = &mut scores[query * padded + column..][..BLOCK];
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

/// The weighted sum of the values for [`QUERIES`] queries, keys ascending, for the
/// [`BLOCK`] head columns from `column` on.
#[inline(always)]
fn weigh(
    scores: &[f32],
    padded: usize,
    values: &[f32],
    head: usize,
    column: usize,
    length: usize,
) -> [[f32; BLOCK]; QUERIES] {
    let mut sums = [[0.0f32; BLOCK]; QUERIES];
    for key in 0..length {
        let value = &values[key * head + column..][..BLOCK];
        for (query, sum) in sums.iter_mut().enumerate() {
            let weight = scores[query * padded + key];
            for l in 0..BLOCK {
                sum[l] += weight * value[l];
            }
        }
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
