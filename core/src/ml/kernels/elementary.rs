//! Functions of one number, and sums of a slice, in a form compilers vectorise.

/// The width of every reduction. Fixed, so that a sum has one order on every machine.
pub(super) const LANES: usize = 16;

/// The sum over `values` of `map`, in [`LANES`] interleaved partial sums.
#[inline(always)]
pub(super) fn sum_by(values: &[f32], map: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0.0f32; LANES];
    let chunks = values.chunks_exact(LANES);
    let rest = chunks.remainder();
    for chunk in chunks {
        for l in 0..LANES {
            lanes[l] += map(chunk[l]);
        }
    }
    for (l, &value) in rest.iter().enumerate() {
        lanes[l] += map(value);
    }
    fold(lanes, |a, b| a + b)
}

/// The largest of `map` over `values`, and at least `floor`.
#[inline(always)]
pub(super) fn max_by(values: &[f32], floor: f32, map: impl Fn(f32) -> f32) -> f32 {
    let larger = |a: f32, b: f32| if b > a { b } else { a };
    let mut lanes = [floor; LANES];
    let chunks = values.chunks_exact(LANES);
    let rest = chunks.remainder();
    for chunk in chunks {
        for l in 0..LANES {
            lanes[l] = larger(lanes[l], map(chunk[l]));
        }
    }
    for (l, &value) in rest.iter().enumerate() {
        lanes[l] = larger(lanes[l], map(value));
    }
    fold(lanes, larger)
}

#[inline(always)]
fn fold(mut lanes: [f32; LANES], combine: impl Fn(f32, f32) -> f32) -> f32 {
    let mut width = LANES / 2;
    while width > 0 {
        for l in 0..width {
            lanes[l] = combine(lanes[l], lanes[l + width]);
        }
        width /= 2;
    }
    lanes[0]
}

/// Adding and subtracting it rounds a small float to the nearest integer, ties to even.
pub(super) const ROUNDER: f32 = 12_582_912.0; // 1.5 * 2^23

/// e to the `x`, for `x <= 0` (below -87 it is about 1e-38). Within 2 ulp.
/// The reduction and polynomial of Cephes' `expf`.
#[inline(always)]
#[expect(clippy::excessive_precision, reason = "the constants as published")]
pub(super) fn exp(x: f32) -> f32 {
    let x = if x < -87.0 { -87.0 } else { x };
    let shifted = x * std::f32::consts::LOG2_E + ROUNDER;
    let n = shifted - ROUNDER;
    let r = x - n * 0.693_359_375 - n * -2.121_944_4e-4;
    let mut p = 1.987_569_15e-4;
    p = p * r + 1.398_199_950_7e-3;
    p = p * r + 8.333_451_907_3e-3;
    p = p * r + 4.166_579_589_4e-2;
    p = p * r + 1.666_666_545_9e-1;
    p = p * r + 5.000_000_120_1e-1;
    let p = p * (r * r) + r + 1.0;
    // The low bits of `shifted` hold n; put 2^n together from them.
    let exponent = shifted.to_bits().wrapping_sub(ROUNDER.to_bits()).wrapping_add(127) << 23;
    p * f32::from_bits(exponent)
}

/// The error function, within 4e-7: the rational approximation that Eigen uses.
#[inline(always)]
#[expect(clippy::excessive_precision, reason = "the constants as published")]
pub(super) fn erf(x: f32) -> f32 {
    let x = if x > 4.0 { 4.0 } else { x };
    let x = if x < -4.0 { -4.0 } else { x };
    let s = x * x;
    let mut p = -2.726_142_258_013_06e-10;
    p = p * s + 2.770_681_424_959_02e-8;
    p = p * s + -2.101_024_020_825_08e-6;
    p = p * s + -5.692_506_394_623_46e-5;
    p = p * s + -7.349_906_303_268_55e-4;
    p = p * s + -2.954_599_808_540_25e-3;
    p = p * s + -1.609_603_326_241_5e-2;
    let mut q = -1.456_607_184_649_96e-5;
    q = q * s + -2.133_740_552_789_05e-4;
    q = q * s + -1.682_826_974_382_03e-3;
    q = q * s + -7.373_329_167_204_68e-3;
    q = q * s + -1.426_473_905_141_89e-2;
    x * p / q
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_close_over_its_range() {
        for i in 0..8_700 {
            let x = -(i as f32) / 100.0;
            let want = f64::from(x).exp();
            assert!(((f64::from(exp(x)) - want) / want).abs() < 3e-7, "exp({x})");
        }
        assert_eq!(exp(0.0), 1.0);
        assert!(exp(-1e30) < 1e-37);
    }

    #[test]
    fn erf_matches_its_integral() {
        // The Maclaurin series, in double precision, converges well up to 3.
        for i in -300..=300 {
            let x = f64::from(i) / 100.0;
            let (mut term, mut sum) = (x, x);
            for n in 1..80 {
                term *= -x * x / f64::from(n);
                sum += term / f64::from(2 * n + 1);
            }
            let want = sum * std::f64::consts::FRAC_2_SQRT_PI;
            assert!((f64::from(erf(x as f32)) - want).abs() < 4e-7, "erf({x})");
        }
        assert!((erf(9.0) - 1.0).abs() < 1e-6 && (erf(-9.0) + 1.0).abs() < 1e-6);
    }

    #[test]
    fn reductions_cover_the_remainder() {
        let values: Vec<f32> = (1..=37).map(|v| v as f32).collect();
        assert_eq!(sum_by(&values, |v| v), 703.0);
        assert_eq!(max_by(&values, 0.0, |v| v), 37.0);
    }
}
