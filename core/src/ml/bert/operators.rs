//! The steps between the products, as operators of the graph.

use std::ops::Range;
use std::sync::Arc;

use ort::operator::{
    ComputeContext, Kernel, KernelContext, Operator, OperatorDomain, OperatorInput, OperatorOutput,
};
use ort::value::TensorElementType::{Float32, Int32, Int64, Uint8};
use ort::value::{PrimitiveTensorElementType, TensorElementType};

use super::super::kernels::{
    FloatRow, IntRow, Scratch, gelu_float, gelu_int, norm_float, norm_int, quantise_row,
};
use super::weights::{Affine, Norm, Parameters};
use crate::domain::Precision;

/// The domain these operators are registered under.
pub(super) const DOMAIN: &str = "besunny";
/// The attribute that says which layer's (for [`Step::Norm`], which of the twice as many
/// norms') vectors a node uses.
pub(super) const SLOT: &str = "slot";

/// A step between two products. Inputs and outputs, with `T` rows in the batch:
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// fp32: product, ends → rows. int8: sums, scales, ends → bytes, scales.
    Attention,
    /// fp32: product, residual → rows. int8: sums, scales, residual → rows, bytes, scales.
    Norm,
    /// As `Norm`, but gives only rows: the last step of the graph.
    LastNorm,
    /// fp32: product → rows. int8: sums, scales → bytes, scales.
    Gelu,
}

impl Step {
    /// The operator's name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Attention => "Attention",
            Self::Norm => "Norm",
            Self::LastNorm => "LastNorm",
            Self::Gelu => "Gelu",
        }
    }
}

/// Every step, over the vectors of one model.
pub(super) fn domain(parameters: &Arc<Parameters>) -> ort::Result<OperatorDomain> {
    let mut domain = OperatorDomain::new(DOMAIN)?;
    for step in [Step::Attention, Step::Norm, Step::LastNorm, Step::Gelu] {
        domain = domain.add(StepOperator { step, parameters: Arc::clone(parameters) })?;
    }
    Ok(domain)
}

struct StepOperator {
    step: Step,
    parameters: Arc<Parameters>,
}

impl Operator for StepOperator {
    type Kernel<'attr> = StepKernel;

    fn name(&self) -> &str {
        self.step.name()
    }

    fn inputs(&self) -> impl IntoIterator<Item = OperatorInput> {
        let types: &[TensorElementType] = match (self.parameters.precision, self.step) {
            (Precision::Fp32, Step::Attention) => &[Float32, Int64],
            (Precision::Fp32, Step::Norm | Step::LastNorm) => &[Float32, Float32],
            (Precision::Fp32, Step::Gelu) => &[Float32],
            (Precision::Int8, Step::Attention) => &[Int32, Float32, Int64],
            (Precision::Int8, Step::Norm | Step::LastNorm) => &[Int32, Float32, Float32],
            (Precision::Int8, Step::Gelu) => &[Int32, Float32],
        };
        types.iter().map(|&kind| OperatorInput::required(kind))
    }

    fn outputs(&self) -> impl IntoIterator<Item = OperatorOutput> {
        let types: &[TensorElementType] = match (self.parameters.precision, self.step) {
            (Precision::Fp32, _) | (_, Step::LastNorm) => &[Float32],
            (Precision::Int8, Step::Norm) => &[Float32, Uint8, Float32],
            (Precision::Int8, Step::Attention | Step::Gelu) => &[Uint8, Float32],
        };
        types.iter().map(|&kind| OperatorOutput::required(kind))
    }

    fn create_kernel<'attr>(&self, context: &KernelContext<'attr>) -> ort::Result<Self::Kernel<'attr>> {
        let slot = context.get::<i64>(SLOT).and_then(|slot| usize::try_from(slot).ok());
        let slots = match self.step {
            Step::Norm | Step::LastNorm => 2 * self.parameters.layers.len(),
            Step::Attention | Step::Gelu => self.parameters.layers.len(),
        };
        Ok(StepKernel {
            step: self.step,
            parameters: Arc::clone(&self.parameters),
            slot: slot.filter(|&slot| slot < slots).ok_or_else(|| ort::Error::new("no such slot"))?,
            scratch: Scratch::default(),
            row: Vec::new(),
        })
    }
}

struct StepKernel {
    step: Step,
    parameters: Arc<Parameters>,
    slot: usize,
    scratch: Scratch,
    /// Floats before they are quantised.
    row: Vec<f32>,
}

impl Kernel for StepKernel {
    fn compute(&mut self, context: &ComputeContext) -> ort::Result<()> {
        match (self.parameters.precision, self.step) {
            (Precision::Fp32, Step::Attention) => self.attention_float(context),
            (Precision::Int8, Step::Attention) => self.attention_int(context),
            (Precision::Fp32, Step::Norm | Step::LastNorm) => self.norm_float(context),
            (Precision::Int8, Step::Norm | Step::LastNorm) => self.norm_int(context),
            (Precision::Fp32, Step::Gelu) => self.gelu_float(context),
            (Precision::Int8, Step::Gelu) => self.gelu_int(context),
        }
    }
}

/// Runs `work` on input `index`.
fn with_input<T: PrimitiveTensorElementType, R>(
    context: &ComputeContext,
    index: usize,
    work: impl FnOnce(&[T]) -> ort::Result<R>,
) -> ort::Result<R> {
    let value = context.input(index)?.ok_or_else(|| ort::Error::new("an input is missing"))?;
    work(value.try_extract_tensor::<T>()?.1)
}

/// Runs `work` on output `index`, allocated with `shape`.
fn with_output<T: PrimitiveTensorElementType, R>(
    context: &ComputeContext,
    index: usize,
    shape: &[usize],
    work: impl FnOnce(&mut [T]) -> ort::Result<R>,
) -> ort::Result<R> {
    let value = context.output(index, shape)?.ok_or_else(|| ort::Error::new("an output is missing"))?;
    let mut value = value;
    work(value.try_extract_tensor_mut::<T>()?.1)
}

/// The texts as ranges of rows; `None` unless they cover all rows, in order.
fn texts(ends: &[i64], rows: usize) -> Option<Vec<Range<usize>>> {
    let mut texts = Vec::with_capacity(ends.len());
    let mut start = 0;
    for &end in ends {
        let end = usize::try_from(end).ok().filter(|end| (start..=rows).contains(end))?;
        texts.push(start..end);
        start = end;
    }
    (start == rows).then_some(texts)
}

// Not in `texts`: making an error of the runtime calls the runtime.
fn uncovered() -> ort::Error {
    ort::Error::new("the texts do not cover the rows")
}

impl StepKernel {
    fn norm(&self) -> (&Affine, &Norm) {
        let layer = &self.parameters.layers[self.slot / 2];
        match self.slot % 2 {
            0 => (&layer.output, &layer.after_attention),
            _ => (&layer.down, &layer.after_feed_forward),
        }
    }

    fn attention_float(&mut self, context: &ComputeContext) -> ort::Result<()> {
        let (shape, affine) = (self.parameters.attention, &self.parameters.layers[self.slot].qkv);
        let (width, scratch) = (shape.heads * shape.head_size, &mut self.scratch);
        with_input::<f32, _>(context, 0, |product| {
            with_input::<i64, _>(context, 1, |ends| {
                let rows = product.len() / (3 * width);
                with_output::<f32, _>(context, 0, &[rows, width], |out| {
                    for text in texts(ends, rows).ok_or_else(uncovered)? {
                        let row = |t: usize| FloatRow(&product[(text.start + t) * 3 * width..][..3 * width]);
                        let out = &mut out[text.start * width..text.end * width];
                        shape.run_float(text.len(), row, &affine.bias, scratch, out);
                    }
                    Ok(())
                })
            })
        })
    }

    fn attention_int(&mut self, context: &ComputeContext) -> ort::Result<()> {
        let (shape, affine) = (self.parameters.attention, &self.parameters.layers[self.slot].qkv);
        let width = shape.heads * shape.head_size;
        let (scratch, buffer) = (&mut self.scratch, &mut self.row);
        with_input::<i32, _>(context, 0, |sums| {
            with_input::<f32, _>(context, 1, |scales| {
                with_input::<i64, _>(context, 2, |ends| {
                    let rows = sums.len() / (3 * width);
                    if scales.len() != rows {
                        return Err(ort::Error::new("each row needs a scale"));
                    }
                    buffer.resize(rows * width, 0.0);
                    for text in texts(ends, rows).ok_or_else(uncovered)? {
                        let row = |t: usize| IntRow {
                            sums: &sums[(text.start + t) * 3 * width..][..3 * width],
                            row_scale: scales[text.start + t],
                            column_scales: &affine.scales,
                        };
                        let out = &mut buffer[text.start * width..text.end * width];
                        shape.run_int(text.len(), row, &affine.bias, scratch, out);
                    }
                    quantise(context, 0, &buffer[..rows * width], width)
                })
            })
        })
    }

    fn norm_float(&mut self, context: &ComputeContext) -> ort::Result<()> {
        let (affine, norm) = self.norm();
        let width = affine.bias.len();
        with_input::<f32, _>(context, 0, |product| {
            with_input::<f32, _>(context, 1, |residual| {
                with_output::<f32, _>(context, 0, &[product.len() / width, width], |out| {
                    let inputs = product.chunks_exact(width).zip(residual.chunks_exact(width));
                    for ((row, residual), out) in inputs.zip(out.chunks_exact_mut(width)) {
                        let epsilon = self.parameters.epsilon;
                        let row = FloatRow(row);
                        norm_float(row, &affine.bias, residual, &norm.gamma, &norm.beta, epsilon, out);
                    }
                    Ok(())
                })
            })
        })
    }

    fn norm_int(&mut self, context: &ComputeContext) -> ort::Result<()> {
        let (affine, norm) = self.norm();
        let width = affine.bias.len();
        with_input::<i32, _>(context, 0, |sums| {
            with_input::<f32, _>(context, 1, |scales| {
                with_input::<f32, _>(context, 2, |residual| {
                    with_output::<f32, _>(context, 0, &[scales.len(), width], |out| {
                        let inputs = sums.chunks_exact(width).zip(residual.chunks_exact(width)).zip(scales);
                        for (((sums, residual), &row_scale), out) in inputs.zip(out.chunks_exact_mut(width)) {
                            let row = IntRow { sums, row_scale, column_scales: &affine.scales };
                            let epsilon = self.parameters.epsilon;
                            norm_int(row, &affine.bias, residual, &norm.gamma, &norm.beta, epsilon, out);
                        }
                        if self.step == Step::LastNorm { Ok(()) } else { quantise(context, 1, out, width) }
                    })
                })
            })
        })
    }

    fn gelu_float(&mut self, context: &ComputeContext) -> ort::Result<()> {
        let bias = &self.parameters.layers[self.slot].up.bias;
        let width = bias.len();
        with_input::<f32, _>(context, 0, |product| {
            with_output::<f32, _>(context, 0, &[product.len() / width, width], |out| {
                for (row, out) in product.chunks_exact(width).zip(out.chunks_exact_mut(width)) {
                    gelu_float(FloatRow(row), bias, out);
                }
                Ok(())
            })
        })
    }

    fn gelu_int(&mut self, context: &ComputeContext) -> ort::Result<()> {
        let affine = &self.parameters.layers[self.slot].up;
        let width = affine.bias.len();
        let buffer = &mut self.row;
        buffer.resize(width, 0.0);
        with_input::<i32, _>(context, 0, |sums| {
            with_input::<f32, _>(context, 1, |scales| {
                with_output::<u8, _>(context, 0, &[scales.len(), width], |bytes| {
                    with_output::<f32, _>(context, 1, &[scales.len()], |out| {
                        let inputs = sums.chunks_exact(width).zip(scales);
                        let outputs = bytes.chunks_exact_mut(width).zip(out);
                        for ((sums, &row_scale), (bytes, scale)) in inputs.zip(outputs) {
                            let row = IntRow { sums, row_scale, column_scales: &affine.scales };
                            *scale = gelu_int(row, &affine.bias, buffer, bytes);
                        }
                        Ok(())
                    })
                })
            })
        })
    }
}

/// Quantises `rows` into the outputs `first` (bytes) and `first + 1` (scales).
fn quantise(context: &ComputeContext, first: usize, rows: &[f32], width: usize) -> ort::Result<()> {
    let count = rows.len() / width;
    with_output::<u8, _>(context, first, &[count, width], |bytes| {
        with_output::<f32, _>(context, first + 1, &[count], |scales| {
            let outputs = bytes.chunks_exact_mut(width).zip(scales);
            for (row, (bytes, scale)) in rows.chunks_exact(width).zip(outputs) {
                *scale = quantise_row(row, bytes);
            }
            Ok(())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_must_cover_all_rows_in_order() {
        assert_eq!(texts(&[2, 5], 5).unwrap(), [0..2, 2..5]);
        for bad in [&[2, 4][..], &[3, 2, 5], &[-1, 5], &[6], &[]] {
            assert!(texts(bad, 5).is_none(), "{bad:?}");
        }
    }
}
