//! The arithmetic around the matrix products: plain loops over slices, compiled once
//! for each vector unit and chosen at run time.
//!
//! Invariant: no fused multiply-add and no reordered sum: every vector unit, and every
//! machine, gives the same bits.
//! Invariant: a row's result depends on that row (attention: on that text) alone.

mod attention;
mod elementary;
mod gelu;
mod norm;
mod pool;
mod quantise;

pub(super) use attention::{Attention, Scratch};
pub(super) use gelu::{gelu_float, gelu_int};
pub(super) use norm::{embed_norm, norm_float, norm_int};
pub(super) use pool::{mean, normalise};
pub(super) use quantise::{ZERO_POINT, quantise_row};

/// The row of a linear layer's output, before its bias.
pub(super) trait Row: Copy {
    /// Column `j`, as a real number.
    fn at(self, j: usize) -> f32;
    /// The number of columns.
    fn len(self) -> usize;
}

/// A float product.
#[derive(Clone, Copy)]
pub(super) struct FloatRow<'a>(pub(super) &'a [f32]);

impl Row for FloatRow<'_> {
    #[inline(always)]
    fn at(self, j: usize) -> f32 {
        self.0[j]
    }

    #[inline(always)]
    fn len(self) -> usize {
        self.0.len()
    }
}

/// An integer product: the sum is exact, and both scales bring it back.
#[derive(Clone, Copy)]
pub(super) struct IntRow<'a> {
    pub(super) sums: &'a [i32],
    /// The scale of the activations in this row.
    pub(super) row_scale: f32,
    /// The scale of the weights of each column; as long as `sums`.
    pub(super) column_scales: &'a [f32],
}

impl Row for IntRow<'_> {
    #[inline(always)]
    fn at(self, j: usize) -> f32 {
        self.sums[j] as f32 * self.row_scale * self.column_scales[j]
    }

    #[inline(always)]
    fn len(self) -> usize {
        self.sums.len().min(self.column_scales.len())
    }
}

/// The vector unit that kernels use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// What the target always has (SSE2, NEON).
    Base,
    /// AVX2.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512 with byte, word and double-word instructions.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// The widest vector unit of this machine.
#[inline]
pub(super) fn unit() -> Unit {
    #[cfg(test)]
    if let Some(unit) = tests::FORCED.get() {
        return unit;
    }
    #[cfg(target_arch = "x86_64")]
    {
        if std::is_x86_feature_detected!("avx512f")
            && std::is_x86_feature_detected!("avx512bw")
            && std::is_x86_feature_detected!("avx512dq")
            && std::is_x86_feature_detected!("avx512vl")
        {
            return Unit::Avx512;
        }
        if std::is_x86_feature_detected!("avx2") {
            return Unit::Avx2;
        }
    }
    Unit::Base
}

/// Defines a function whose body is compiled once for each [`Unit`].
macro_rules! vectorised {
    ($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $ty:ty),* $(,)?) $(-> $out:ty)? $body:block) => {
        $(#[$meta])*
        #[expect(clippy::allow_attributes, reason = "whether it fires depends on the arity")]
        #[allow(clippy::too_many_arguments)]
        $vis fn $name($($arg: $ty),*) $(-> $out)? {
            #[inline(always)]
            fn base($($arg: $ty),*) $(-> $out)? $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2")]
            fn avx2($($arg: $ty),*) $(-> $out)? { base($($arg),*) }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
            fn avx512($($arg: $ty),*) $(-> $out)? { base($($arg),*) }

            match $crate::ml::kernels::unit() {
                $crate::ml::kernels::Unit::Base => base($($arg),*),
                // SAFETY: `unit` returned it, so this machine has the instructions.
                #[cfg(target_arch = "x86_64")]
                $crate::ml::kernels::Unit::Avx2 => unsafe { avx2($($arg),*) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                $crate::ml::kernels::Unit::Avx512 => unsafe { avx512($($arg),*) },
            }
        }
    };
}
use vectorised;

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    thread_local! {
        pub(super) static FORCED: Cell<Option<Unit>> = const { Cell::new(None) };
    }

    /// Runs `work` on every vector unit of this machine and asserts equal results.
    pub(super) fn same_on_every_unit<T: PartialEq + std::fmt::Debug>(work: impl Fn() -> T) -> T {
        let widest = unit();
        let mut units = vec![Unit::Base];
        #[cfg(target_arch = "x86_64")]
        {
            if widest != Unit::Base {
                units.push(Unit::Avx2);
            }
            if widest == Unit::Avx512 {
                units.push(Unit::Avx512);
            }
        }
        let results: Vec<T> = units
            .iter()
            .map(|&unit| {
                FORCED.set(Some(unit));
                let result = work();
                FORCED.set(None);
                result
            })
            .collect();
        for (unit, result) in units.iter().zip(&results) {
            assert_eq!(result, &results[0], "{unit:?} differs from {widest:?}'s base");
        }
        results.into_iter().next().unwrap()
    }

    /// Reproducible numbers in (-1, 1).
    pub(super) fn numbers(seed: u64, count: usize) -> Vec<f32> {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        (0..count)
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                ((state >> 40) as f32 / (1 << 23) as f32) - 1.0
            })
            .collect()
    }
}
