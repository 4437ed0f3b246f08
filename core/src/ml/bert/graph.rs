//! The graph: four products a layer, and a step after each.

use ort::editor::{Graph, Model, Node, ONNX_DOMAIN, Opset};
use ort::memory::Allocator;
use ort::operator::Attribute;
use ort::value::{Outlet, Shape, SymbolicDimensions, Tensor, TensorElementType, ValueType};

use super::super::kernels::ZERO_POINT;
use super::operators::{DOMAIN, SLOT, Step};
use super::quantised::signed_is_exact;
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

/// Builds the graph of `bert`.
pub(super) fn build(bert: &Bert) -> ort::Result<Model> {
    let int8 = bert.parameters.precision == Precision::Int8;
    let width = bert.dimension() as i64;
    let mut builder = Builder { graph: Graph::new()?, int8 };

    let mut inputs = vec![outlet(ROWS, TensorElementType::Float32, &[-1, width])];
    if int8 {
        inputs.push(outlet(BYTES, TensorElementType::Uint8, &[-1, width]));
        inputs.push(outlet(SCALES, TensorElementType::Float32, &[-1]));
        let allocator = Allocator::default();
        let mut zero = Tensor::<u8>::new(&allocator, Shape::default())?;
        zero.extract_tensor_mut().1.fill(ZERO_POINT);
        builder.graph.add_initializer("zero.rows", zero, false)?;
        if !signed_is_exact() {
            let mut zero = Tensor::<u8>::new(&allocator, Shape::default())?;
            zero.extract_tensor_mut().1.fill(128);
            builder.graph.add_initializer("zero.weights", zero, false)?;
        }
    }
    inputs.push(outlet(ENDS, TensorElementType::Int64, &[-1]));
    builder.graph.set_inputs(inputs)?;
    builder.graph.set_outputs([outlet(HIDDEN, TensorElementType::Float32, &[-1, width])])?;

    let mut rows = Rows { floats: ROWS.into(), bytes: BYTES.into(), scales: SCALES.into() };
    for (index, matrices) in bert.matrices.iter().enumerate() {
        let [qkv, output, up, down] = matrices;
        let name = |part: &str| format!("layer{index}.{part}");
        for (matrix, part) in [(qkv, "qkv"), (output, "output"), (up, "up"), (down, "down")] {
            matrix.add_to(&mut builder.graph, &name(&format!("{part}.weight")))?;
        }
        let last = index + 1 == bert.matrices.len();
        let product = builder.product(&name("qkv"), &rows)?;
        let attended = builder.step(Step::Attention, &name("attention"), index, product, &rows, &[ENDS])?;
        let product = builder.product(&name("output"), &attended)?;
        let residual = rows.floats.clone();
        rows =
            builder.step(Step::Norm, &name("norm1"), 2 * index, product, &attended, &[residual.as_str()])?;
        let product = builder.product(&name("up"), &rows)?;
        let active = builder.step(Step::Gelu, &name("gelu"), index, product, &rows, &[])?;
        let product = builder.product(&name("down"), &active)?;
        let step = if last { Step::LastNorm } else { Step::Norm };
        let residual = rows.floats.clone();
        let norm = if last { HIDDEN.to_owned() } else { name("norm2") };
        rows = builder.step(step, &norm, 2 * index + 1, product, &active, &[residual.as_str()])?;
    }
    let mut model = Model::new([Opset::new(ONNX_DOMAIN, 17)?, Opset::new(DOMAIN, 1)?])?;
    model.set_graph(builder.graph)?;
    Ok(model)
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
    /// Multiplies `rows` by the matrix `name.weight`; returns the product's name.
    fn product(&mut self, name: &str, rows: &Rows) -> ort::Result<String> {
        let weight = format!("{name}.weight");
        let product = format!("{name}.product");
        let node = if self.int8 {
            let mut inputs = vec![rows.bytes.as_str(), weight.as_str(), "zero.rows"];
            if !signed_is_exact() {
                inputs.push("zero.weights");
            }
            Node::new("MatMulInteger", ONNX_DOMAIN, name, inputs, [product.as_str()], [])?
        } else {
            Node::new("MatMul", ONNX_DOMAIN, name, [rows.floats.as_str(), weight.as_str()], [&*product], [])?
        };
        self.graph.add_node(node)?;
        Ok(product)
    }

    /// Adds a step after `product`, whose input was `before`.
    fn step(
        &mut self,
        step: Step,
        name: &str,
        slot: usize,
        product: String,
        before: &Rows,
        more: &[&str],
    ) -> ort::Result<Rows> {
        let rows = Rows {
            floats: name.to_owned(),
            bytes: format!("{name}.bytes"),
            scales: format!("{name}.scales"),
        };
        let mut inputs = vec![product.as_str()];
        if self.int8 {
            inputs.push(&before.scales);
        }
        inputs.extend(more);
        let outputs: Vec<&str> = match (self.int8, step) {
            (false, _) | (true, Step::LastNorm) => vec![&rows.floats],
            (true, Step::Norm) => vec![&rows.floats, &rows.bytes, &rows.scales],
            (true, Step::Attention | Step::Gelu) => vec![&rows.bytes, &rows.scales],
        };
        let slot = Attribute::new(SLOT, slot as i64)?;
        let node = Node::new(step.name(), DOMAIN, format!("{name}.step"), inputs, outputs, [slot])?;
        self.graph.add_node(node)?;
        Ok(rows)
    }
}

fn outlet(name: &str, ty: TensorElementType, shape: &[i64]) -> Outlet {
    let kind = ValueType::Tensor {
        ty,
        shape: Shape::new(shape.iter().copied()),
        dimension_symbols: SymbolicDimensions::empty(shape.len()),
    };
    Outlet::new(name, kind)
}
