//! The graph: four products a layer, and a step after each.

use super::super::kernels::ZERO_POINT;
use super::matrix::{Matrix, signed_is_exact};
use super::operators::{DOMAIN, SLOT, Step};
use super::proto::{Element, Graph};
use super::weights::Bert;
use crate::domain::Precision;

/// The rows: `[T, width]`, f32.
pub(super) const ROWS: &str = "rows";
/// int8 only: the same rows quantised, `[T, width]`, u8.
pub(super) const BYTES: &str = "bytes";
/// int8 only: the scale of each row of [`BYTES`], `[T]`, f32.
pub(super) const SCALES: &str = "scales";
/// The row after the last of each text: `[texts]`, i64.
pub(super) const ENDS: &str = "ends";
/// The result: `[T, width]`, f32.
pub(super) const HIDDEN: &str = "hidden";

/// The products of a layer, in the order they run.
const PRODUCTS: [&str; 4] = ["qkv", "output", "up", "down"];

/// The name of the matrix of product `product` in layer `layer`.
pub(super) fn weight(layer: usize, product: usize) -> String {
    format!("layer{layer}.{}.weight", PRODUCTS[product])
}

/// The graph of `bert` as an ONNX model without its matrices, which are to be given under
/// the names of [`weight`].
pub(super) fn build(bert: &Bert) -> Vec<u8> {
    let int8 = bert.parameters.precision == Precision::Int8;
    let width = bert.dimension();
    let mut builder = Builder { graph: Graph::default(), int8 };
    builder.graph.input(ROWS, Element::F32, &[0, width]);
    if int8 {
        builder.graph.input(BYTES, Element::U8, &[0, width]);
        builder.graph.input(SCALES, Element::F32, &[0]);
        builder.graph.byte("zero.rows", ZERO_POINT);
        if !signed_is_exact() {
            builder.graph.byte("zero.weights", 128);
        }
    }
    builder.graph.input(ENDS, Element::I64, &[0]);
    builder.graph.output(HIDDEN, Element::F32, &[0, width]);

    let mut rows = Rows { floats: ROWS.into(), bytes: BYTES.into(), scales: SCALES.into() };
    for (layer, matrices) in bert.matrices.iter().enumerate() {
        let [qkv, output, up, down] = matrices;
        let name = |part: &str| format!("layer{layer}.{part}");
        let last = layer + 1 == bert.matrices.len();
        let residual = rows.floats.clone();
        let product = builder.product(layer, 0, qkv, &rows);
        let attended = builder.step(Step::Attention, name("attention"), layer, &product, &rows, &[ENDS]);
        let product = builder.product(layer, 1, output, &attended);
        rows = builder.step(Step::Norm, name("norm1"), 2 * layer, &product, &attended, &[&residual]);
        let residual = rows.floats.clone();
        let product = builder.product(layer, 2, up, &rows);
        let active = builder.step(Step::Gelu, name("gelu"), layer, &product, &rows, &[]);
        let product = builder.product(layer, 3, down, &active);
        let (step, norm) =
            if last { (Step::LastNorm, HIDDEN.to_owned()) } else { (Step::Norm, name("norm2")) };
        rows = builder.step(step, norm, 2 * layer + 1, &product, &active, &[&residual]);
    }
    builder.graph.into_model(&[("", 17), (DOMAIN, 1)])
}

/// The names of a step's results; which exist depends on precision and step.
struct Rows {
    floats: String,
    bytes: String,
    scales: String,
}

struct Builder {
    graph: Graph,
    int8: bool,
}

impl Builder {
    /// Multiplies `rows` by `matrix`; returns the product's name.
    fn product(&mut self, layer: usize, product: usize, matrix: &Matrix, rows: &Rows) -> String {
        let weight = weight(layer, product);
        self.graph.external(&weight, matrix.element(), matrix.shape());
        let name = format!("layer{layer}.{}", PRODUCTS[product]);
        if self.int8 {
            let inputs = [rows.bytes.as_str(), &weight, "zero.rows", "zero.weights"];
            let count = if signed_is_exact() { 3 } else { 4 };
            self.graph.node(
                ("", "MatMulInteger"),
                &format!("{name}.product"),
                &inputs[..count],
                &[&name],
                None,
            );
        } else {
            let inputs = [rows.floats.as_str(), &weight];
            self.graph.node(("", "MatMul"), &format!("{name}.product"), &inputs, &[&name], None);
        }
        name
    }

    /// Adds a step after `product`, whose input was `before`.
    fn step(
        &mut self,
        step: Step,
        name: String,
        slot: usize,
        product: &str,
        before: &Rows,
        more: &[&str],
    ) -> Rows {
        let rows = Rows { bytes: format!("{name}.bytes"), scales: format!("{name}.scales"), floats: name };
        let mut inputs = vec![product];
        if self.int8 {
            inputs.push(&before.scales);
        }
        inputs.extend(more);
        let outputs: &[&str] = match (self.int8, step) {
            (false, _) | (true, Step::LastNorm) => &[&rows.floats],
            (true, Step::Norm) => &[&rows.floats, &rows.bytes, &rows.scales],
            (true, Step::Attention | Step::Gelu) => &[&rows.bytes, &rows.scales],
        };
        let node = format!("{}.step", rows.floats);
        self.graph.node((DOMAIN, step.name()), &node, &inputs, outputs, Some((SLOT, slot as u64)));
        rows
    }
}
