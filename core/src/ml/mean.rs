//! One vector for several.

/// The mean of vectors, scaled to unit length; `None` for no vectors, or ones that cancel
/// out. Sums run in f64 and in order.
pub(crate) fn mean_vector<'a>(vectors: impl Iterator<Item = &'a [f32]>) -> Option<Vec<f32>> {
    let mut sum: Vec<f64> = Vec::new();
    for vector in vectors {
        sum.resize(vector.len(), 0.0);
        for (total, &value) in sum.iter_mut().zip(vector) {
            *total += f64::from(value);
        }
    }
    let length = sum.iter().map(|value| value * value).sum::<f64>().sqrt();
    (length > 1e-9).then(|| sum.iter().map(|value| (value / length) as f32).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_has_unit_length_and_nothing_has_no_mean() {
        let mean = mean_vector([[1.0, 0.0].as_slice(), &[0.0, 1.0]].into_iter());
        assert!(mean.is_some_and(|mean| (mean[0] - 0.5_f32.sqrt()).abs() < 1e-6));
        assert_eq!(mean_vector(std::iter::empty()), None);
        assert_eq!(mean_vector([[1.0].as_slice(), &[-1.0]].into_iter()), None);
    }
}
