//! Bias, residual and layer normalisation.

use super::elementary::sum_by;
use super::{FloatRow, IntRow, Row, vectorised};

vectorised! {
    /// `out = layer_norm(row + bias + residual)`. All of one length.
    pub(in crate::ml) fn norm_float(
        row: FloatRow<'_>, bias: &[f32], residual: &[f32], gamma: &[f32], beta: &[f32], epsilon: f32,
        out: &mut [f32],
    ) {
        add(row, bias, residual, out);
        normalise(out, gamma, beta, epsilon);
    }
}

vectorised! {
    /// As [`norm_float`], from an integer product.
    pub(in crate::ml) fn norm_int(
        row: IntRow<'_>, bias: &[f32], residual: &[f32], gamma: &[f32], beta: &[f32], epsilon: f32,
        out: &mut [f32],
    ) {
        add(row, bias, residual, out);
        normalise(out, gamma, beta, epsilon);
    }
}

vectorised! {
    /// `out = layer_norm(word + fixed)`: the embedding of one token, `fixed` being the sum
    /// of its position's and its segment's rows.
    pub(in crate::ml) fn embed_norm(
        word: FloatRow<'_>, fixed: &[f32], gamma: &[f32], beta: &[f32], epsilon: f32, out: &mut [f32],
    ) {
        let n = word.len().min(fixed.len()).min(out.len());
        for j in 0..n {
            out[j] = word.at(j) + fixed[j];
        }
        normalise(out, gamma, beta, epsilon);
    }
}

#[inline(always)]
fn add(row: impl Row, bias: &[f32], residual: &[f32], out: &mut [f32]) {
    let n = row.len().min(bias.len()).min(residual.len()).min(out.len());
    for j in 0..n {
        out[j] = row.at(j) + bias[j] + residual[j];
    }
}

#[inline(always)]
fn normalise(row: &mut [f32], gamma: &[f32], beta: &[f32], epsilon: f32) {
    let count = row.len() as f32;
    let mean = sum_by(row, |v| v) / count;
    let variance = sum_by(row, |v| (v - mean) * (v - mean)) / count;
    let inverse = 1.0 / (variance + epsilon).sqrt();
    let n = row.len().min(gamma.len()).min(beta.len());
    for j in 0..n {
        row[j] = (row[j] - mean) * inverse * gamma[j] + beta[j];
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{numbers, same_on_every_unit};
    use super::*;

    #[test]
    fn rows_get_mean_zero_and_variance_one() {
        for length in [4, 31, 384] {
            let (row, bias, residual) = (numbers(1, length), numbers(2, length), numbers(3, length));
            let (gamma, beta) = (vec![1.0; length], vec![0.0; length]);
            let out = same_on_every_unit(|| {
                let mut out = vec![0.0; length];
                norm_float(FloatRow(&row), &bias, &residual, &gamma, &beta, 1e-12, &mut out);
                out
            });
            let mean = out.iter().sum::<f32>() / length as f32;
            let variance = out.iter().map(|v| v * v).sum::<f32>() / length as f32;
            assert!(mean.abs() < 1e-5 && (variance - 1.0).abs() < 1e-4, "{mean} {variance}");
        }
    }
}
