//! Bias and activation after the first feed-forward product.

use super::elementary::erf;
use super::quantise::quantise;
use super::{FloatRow, IntRow, Row, vectorised};

vectorised! {
    /// `out = gelu(row + bias)`, with the exact (erf) form. All of one length.
    pub(in crate::ml) fn gelu_float(row: FloatRow<'_>, bias: &[f32], out: &mut [f32]) {
        gelu(row, bias, out);
    }
}

vectorised! {
    /// `gelu(row + bias)`, quantised to `bytes`; `scratch` holds the floats between.
    /// Returns the scale of the bytes.
    pub(in crate::ml) fn gelu_int(row: IntRow<'_>, bias: &[f32], scratch: &mut [f32], bytes: &mut [u8]) -> f32 {
        gelu(row, bias, scratch);
        quantise(scratch, bytes)
    }
}

#[inline(always)]
fn gelu(row: impl Row, bias: &[f32], out: &mut [f32]) {
    let n = row.len().min(bias.len()).min(out.len());
    for j in 0..n {
        let x = row.at(j) + bias[j];
        out[j] = 0.5 * x * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2));
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{numbers, same_on_every_unit};
    use super::*;

    #[test]
    fn known_values_on_every_unit() {
        let bias = vec![0.0; 5];
        let out = same_on_every_unit(|| {
            let mut out = vec![0.0; 5];
            gelu_float(FloatRow(&[-3.0, -1.0, 0.0, 1.0, 3.0]), &bias, &mut out);
            out
        });
        let want = [-0.004_049_7, -0.158_655, 0.0, 0.841_345, 2.995_95];
        assert!(out.iter().zip(want).all(|(a, b)| (a - b).abs() < 2e-6), "{out:?}");
    }

    #[test]
    fn integer_rows_are_scaled_before_the_bias() {
        let bias = numbers(2, 40);
        let sums: Vec<i32> = numbers(1, 40).iter().map(|v| (v * 1e4) as i32).collect();
        let scales = vec![0.01; 40];
        same_on_every_unit(|| {
            let (mut scratch, mut bytes) = (vec![0.0; 40], vec![0; 40]);
            let row = IntRow { sums: &sums, row_scale: 0.02, column_scales: &scales };
            let scale = gelu_int(row, &bias, &mut scratch, &mut bytes);
            (scratch, bytes, scale)
        });
    }
}
