//! Writes an ONNX model: the few messages of the format that a plain graph needs.
//!
//! The graph is handed to ONNX Runtime as bytes because sessions made through its model
//! editor cannot use operators of our own. Field numbers are those of `onnx.proto3`.

/// The type codes of `TensorProto.DataType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    F32 = 1,
    U8 = 2,
    I8 = 3,
    I64 = 7,
}

/// A length-delimited message under construction.
#[derive(Default)]
pub(super) struct Message(Vec<u8>);

impl Message {
    /// Adds an integer field.
    pub(super) fn int(mut self, field: u32, value: u64) -> Self {
        self.varint(u64::from(field) << 3);
        self.varint(value);
        self
    }

    /// Adds a field of bytes, text or a message.
    pub(super) fn bytes(mut self, field: u32, value: &[u8]) -> Self {
        self.varint(u64::from(field) << 3 | 2);
        self.varint(value.len() as u64);
        self.0.extend_from_slice(value);
        self
    }

    /// The encoded message.
    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

/// A graph under construction.
#[derive(Default)]
pub(super) struct Graph(Message);

impl Graph {
    fn add(&mut self, field: u32, message: Message) {
        self.0 = std::mem::take(&mut self.0).bytes(field, &message.0);
    }

    /// Adds a node; `attribute` is the name and value of its only integer attribute.
    pub(super) fn node(
        &mut self,
        (domain, operator): (&str, &str),
        name: &str,
        inputs: &[&str],
        outputs: &[&str],
        attribute: Option<(&str, u64)>,
    ) {
        let mut node = Message::default();
        for input in inputs {
            node = node.bytes(1, input.as_bytes());
        }
        for output in outputs {
            node = node.bytes(2, output.as_bytes());
        }
        node = node.bytes(3, name.as_bytes()).bytes(4, operator.as_bytes());
        if let Some((name, value)) = attribute {
            const INT: u64 = 2;
            node = node.bytes(5, &Message::default().bytes(1, name.as_bytes()).int(3, value).int(20, INT).0);
        }
        self.add(1, node.bytes(7, domain.as_bytes()));
    }

    /// Declares a constant whose content is given to the session.
    pub(super) fn external(&mut self, name: &str, element: Element, shape: [usize; 2]) {
        const EXTERNAL: u64 = 1;
        let location = Message::default().bytes(1, b"location").bytes(2, b"given");
        let mut tensor = Message::default();
        for size in shape {
            tensor = tensor.int(1, size as u64);
        }
        tensor = tensor.int(2, element as u64).bytes(8, name.as_bytes());
        self.add(5, tensor.bytes(13, &location.0).int(14, EXTERNAL));
    }

    /// Adds a constant of one byte, without dimensions.
    pub(super) fn byte(&mut self, name: &str, value: u8) {
        self.add(
            5,
            Message::default().int(2, Element::U8 as u64).bytes(8, name.as_bytes()).bytes(9, &[value]),
        );
    }

    /// Declares an input; a dimension of 0 is open.
    pub(super) fn input(&mut self, name: &str, element: Element, shape: &[usize]) {
        self.add(11, value(name, element, shape));
    }

    /// Declares an output, as [`Graph::input`].
    pub(super) fn output(&mut self, name: &str, element: Element, shape: &[usize]) {
        self.add(12, value(name, element, shape));
    }

    /// The bytes of a model with this graph; `operators` are domain and version of each
    /// set of operators in use.
    pub(super) fn into_model(self, operators: &[(&str, u64)]) -> Vec<u8> {
        const IR_VERSION: u64 = 8;
        let mut model = Message::default().int(1, IR_VERSION).bytes(7, &self.0.bytes(2, b"besunny").finish());
        for &(domain, version) in operators {
            model = model.bytes(8, &Message::default().bytes(1, domain.as_bytes()).int(2, version).0);
        }
        model.finish()
    }
}

fn value(name: &str, element: Element, shape: &[usize]) -> Message {
    let mut dimensions = Message::default();
    for &size in shape {
        let dimension = Message::default();
        let dimension = if size == 0 { dimension } else { dimension.int(1, size as u64) };
        dimensions = dimensions.bytes(1, &dimension.0);
    }
    let tensor = Message::default().int(1, element as u64).bytes(2, &dimensions.0);
    Message::default().bytes(1, name.as_bytes()).bytes(2, &Message::default().bytes(1, &tensor.0).0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_encoded_as_the_format_says() {
        let message = Message::default().int(1, 300).bytes(2, b"ab").int(20, 2);
        assert_eq!(message.finish(), [0x08, 0xAC, 0x02, 0x12, 2, b'a', b'b', 0xA0, 0x01, 2]);
    }
}
