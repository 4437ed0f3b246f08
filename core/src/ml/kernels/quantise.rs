//! Real numbers to bytes: activations per row, weights per output column.

use super::elementary::{ROUNDER, max_by};
use super::vectorised;

/// The byte that stands for zero in a quantised row.
pub(in crate::ml) const ZERO_POINT: u8 = 128;

vectorised! {
    /// Quantises one row symmetrically to `-127..=127`, stored with [`ZERO_POINT`] added.
    /// `bytes` is as long as `row`. Returns the scale: a byte `b` stands for
    /// `(b - ZERO_POINT) * scale`. A row of zeros gets scale 0.
    pub(in crate::ml) fn quantise_row(row: &[f32], bytes: &mut [u8]) -> f32 {
        quantise(row, bytes)
    }
}

/// The body of [`quantise_row`], for kernels that end with it.
#[inline(always)]
pub(super) fn quantise(row: &[f32], bytes: &mut [u8]) -> f32 {
    let largest = max_by(row, 0.0, f32::abs);
    // A row below 1e-30 is zero for every purpose, and 127 / largest stays finite.
    let inverse = if largest > 1e-30 { 127.0 / largest } else { 0.0 };
    // In `ROUNDER + v` the low bits are the integer nearest to v.
    let offset = ROUNDER.to_bits() - u32::from(ZERO_POINT);
    for (byte, &value) in bytes.iter_mut().zip(row) {
        *byte = (value * inverse + ROUNDER).to_bits().wrapping_sub(offset) as u8;
    }
    if inverse > 0.0 { largest / 127.0 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{numbers, same_on_every_unit};
    use super::*;

    #[test]
    fn bytes_stand_for_the_numbers_within_half_a_step() {
        for length in [1, 15, 16, 17, 384, 1000] {
            let row = numbers(length as u64, length);
            let (bytes, scale) = same_on_every_unit(|| {
                let mut bytes = vec![0; length];
                let scale = quantise_row(&row, &mut bytes);
                (bytes, scale)
            });
            for (&byte, &value) in bytes.iter().zip(&row) {
                let back = (f32::from(byte) - f32::from(ZERO_POINT)) * scale;
                assert!((back - value).abs() <= scale * 0.5001, "{value} became {back}");
            }
            assert!(bytes.iter().any(|&b| b == 1 || b == 255), "the largest uses the full range");
        }
    }

    #[test]
    fn zeros_and_monsters_do_not_break_it() {
        let mut bytes = [0; 3];
        assert_eq!(quantise_row(&[0.0; 3], &mut bytes), 0.0);
        assert_eq!(bytes, [ZERO_POINT; 3]);
        quantise_row(&[f32::NAN, f32::INFINITY, 1.0], &mut bytes);
        assert!(quantise_row(&[f32::MAX, -f32::MAX, 0.0], &mut bytes).is_finite());
        assert_eq!(bytes, [255, 1, ZERO_POINT]);
    }
}
