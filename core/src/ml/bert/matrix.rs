//! The weight matrix of one product, in the layout and number format of its precision.

use std::sync::Arc;

use ort::value::{DynValue, Tensor};

use super::proto::Element;
use crate::domain::Precision;

/// A weight matrix `[inputs, outputs]`, row by row.
pub(super) struct Matrix {
    inputs: usize,
    outputs: usize,
    values: Values,
}

enum Values {
    Float(Vec<f32>),
    Int(Vec<i8>),
}

impl Matrix {
    /// Transposes `weights` (`[outputs, inputs]`) and, for int8, quantises each output
    /// symmetrically to `-127..=127`. Returns the scale of each output too, empty for
    /// fp32.
    pub(super) fn pack(weights: &[f32], inputs: usize, precision: Precision) -> (Self, Vec<f32>) {
        let outputs = weights.len() / inputs.max(1);
        match precision {
            Precision::Fp32 => {
                let mut values = vec![0.0; weights.len()];
                for (output, row) in weights.chunks_exact(inputs).enumerate() {
                    for (input, &value) in row.iter().enumerate() {
                        values[input * outputs + output] = value;
                    }
                }
                (Self { inputs, outputs, values: Values::Float(values) }, Vec::new())
            }
            Precision::Int8 => {
                let mut values = vec![0; weights.len()];
                let mut scales = Vec::with_capacity(outputs);
                for (output, row) in weights.chunks_exact(inputs).enumerate() {
                    let largest = row.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
                    let scale = largest / 127.0;
                    let inverse = if largest > 1e-30 { 127.0 / largest } else { 0.0 };
                    for (input, &value) in row.iter().enumerate() {
                        values[input * outputs + output] = (value * inverse).round_ties_even() as i8;
                    }
                    scales.push(scale);
                }
                (Self { inputs, outputs, values: Values::Int(values) }, scales)
            }
        }
    }

    /// Rows (inputs) and columns (outputs).
    pub(super) fn shape(&self) -> [usize; 2] {
        [self.inputs, self.outputs]
    }

    /// The type of number in the graph.
    pub(super) fn element(&self) -> Element {
        match self.values {
            Values::Float(_) => Element::F32,
            Values::Int(_) if signed_is_exact() => Element::I8,
            Values::Int(_) => Element::U8,
        }
    }

    /// The matrix as a value that sessions share.
    pub(super) fn into_value(self) -> ort::Result<Arc<DynValue>> {
        let shape = self.shape();
        Ok(Arc::new(match self.values {
            Values::Float(values) => Tensor::from_array((shape, values))?.into_dyn(),
            Values::Int(values) if signed_is_exact() => Tensor::from_array((shape, values))?.into_dyn(),
            Values::Int(values) => {
                let values: Vec<u8> =
                    values.into_iter().map(|value| (value as u8).wrapping_add(128)).collect();
                Tensor::from_array((shape, values))?.into_dyn()
            }
        }))
    }
}

/// Whether the product of unsigned activations and signed weights is exact here. On
/// x86-64 without VNNI its fast instruction saturates at 16 bits; there the weights are
/// stored unsigned, which takes a slower and exact one.
pub(super) fn signed_is_exact() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        std::is_x86_feature_detected!("avx512vnni") || std::is_x86_feature_detected!("avxvnni")
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_quantised_on_their_own_and_transposed() {
        let weights = [0.5, -1.0, 0.25, 100.0, 0.0, -50.0];
        let (matrix, scales) = Matrix::pack(&weights, 3, Precision::Int8);
        let Values::Int(values) = &matrix.values else { panic!("int8 gives integers") };
        assert_eq!(values, &[64, 127, -127, 0, 32, -64]);
        assert_eq!(scales, [1.0 / 127.0, 100.0 / 127.0]);

        let (matrix, scales) = Matrix::pack(&weights, 3, Precision::Fp32);
        let Values::Float(values) = &matrix.values else { panic!("fp32 gives floats") };
        assert_eq!(values, &[0.5, 100.0, -1.0, 0.0, 0.25, -50.0]);
        assert!(scales.is_empty());
    }

    #[test]
    fn an_output_of_zeros_stays_zero() {
        let (matrix, scales) = Matrix::pack(&[0.0; 4], 4, Precision::Int8);
        let Values::Int(values) = &matrix.values else { panic!("int8 gives integers") };
        assert_eq!((values.as_slice(), scales.as_slice()), ([0; 4].as_slice(), [0.0].as_slice()));
    }
}
