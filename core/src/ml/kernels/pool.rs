//! Token vectors to one text vector.

use super::elementary::sum_by;
use super::vectorised;

vectorised! {
    /// The mean of the rows of `tokens` (`[rows, out.len()]`), added from first to last.
    pub(in crate::ml) fn mean(tokens: &[f32], out: &mut [f32]) {
        let width = out.len().max(1);
        out.fill(0.0);
        for row in tokens.chunks_exact(width) {
            for (sum, &value) in out.iter_mut().zip(row) {
                *sum += value;
            }
        }
        let count = (tokens.len() / width).max(1) as f32;
        for sum in out.iter_mut() {
            *sum /= count;
        }
    }
}

vectorised! {
    /// Scales `vector` to length 1; a vector of zeros stays.
    pub(in crate::ml) fn normalise(vector: &mut [f32]) {
        let length = sum_by(vector, |v| v * v).sqrt();
        if length > 1e-12 {
            for value in vector.iter_mut() {
                *value /= length;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{numbers, same_on_every_unit};
    use super::*;

    #[test]
    fn mean_then_unit_length() {
        let tokens = numbers(5, 7 * 33);
        let out = same_on_every_unit(|| {
            let mut out = vec![0.0; 33];
            mean(&tokens, &mut out);
            normalise(&mut out);
            out
        });
        assert!((out.iter().map(|v| v * v).sum::<f32>() - 1.0).abs() < 1e-6);
        let mut zeros = [0.0; 4];
        normalise(&mut zeros);
        assert_eq!(zeros, [0.0; 4]);
    }
}
