//! The dot product, in one fixed order of summation.

const LANES: usize = 16;
const BYTES: usize = size_of::<f32>();

/// The dot product of a query with a row as the vector file holds it.
///
/// Sixteen running sums, added up pairwise at the end: the order does not depend on the
/// width of the machine's registers, so the result is the same everywhere, and the
/// compiler can still use whole registers.
pub(crate) fn dot(query: &[f32], row: &[u8]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    let mut query_blocks = query.chunks_exact(LANES);
    let mut row_blocks = row.chunks_exact(LANES * BYTES);
    for (q, r) in query_blocks.by_ref().zip(row_blocks.by_ref()) {
        for lane in 0..LANES {
            sums[lane] += q[lane] * value(&r[lane * BYTES..lane * BYTES + BYTES]);
        }
    }
    let rest = query_blocks.remainder().iter().zip(row_blocks.remainder().chunks_exact(BYTES));
    for (lane, (q, r)) in rest.enumerate() {
        sums[lane] += q * value(r);
    }
    let mut width = LANES;
    while width > 1 {
        width /= 2;
        for lane in 0..width {
            sums[lane] += sums[lane + width];
        }
    }
    sums[0]
}

fn value(bytes: &[u8]) -> f32 {
    match bytes {
        &[a, b, c, d] => f32::from_le_bytes([a, b, c, d]),
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::vectors::extend_with;

    #[test]
    fn sums_every_value_of_any_length() {
        for length in [0, 1, 15, 16, 17, 48, 384, 1_000] {
            let query: Vec<f32> = (0..length).map(|i| (i % 7) as f32 - 3.0).collect();
            let vector: Vec<f32> = (0..length).map(|i| (i % 5) as f32 - 2.0).collect();
            let mut row = Vec::new();
            extend_with(&mut row, &vector);
            // Small whole numbers: exact in any order.
            let expected: f32 = query.iter().zip(&vector).map(|(a, b)| a * b).sum();
            assert_eq!(dot(&query, &row), expected);
        }
    }
}
