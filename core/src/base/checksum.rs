//! A checksum against torn and lost writes, not against malice; as fast as memory.

const LANES: usize = 4;
const WORD: usize = size_of::<u64>();
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// The checksum of some bytes. Each step is a bijection, so a single changed word never
/// goes unnoticed, and others with odds of one in 2^64.
pub(crate) fn checksum(bytes: &[u8]) -> u64 {
    let mut lanes =
        [0xcbf2_9ce4_8422_2325, 0x9e37_79b9_7f4a_7c15, 0xc2b2_ae3d_27d4_eb4f, 0x1656_67b1_9e37_79f9];
    let mut blocks = bytes.chunks_exact(LANES * WORD);
    for block in &mut blocks {
        for (lane, word) in lanes.iter_mut().zip(block.chunks_exact(WORD)) {
            *lane = step(*lane, value(word));
        }
    }
    let mut sum = bytes.len() as u64;
    for word in blocks.remainder().chunks(WORD) {
        sum = step(sum, value(word));
    }
    lanes.into_iter().fold(sum, step)
}

fn step(state: u64, word: u64) -> u64 {
    (state ^ word).wrapping_mul(PRIME).rotate_left(29)
}

fn value(bytes: &[u8]) -> u64 {
    let mut word = [0; WORD];
    word[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_every_changed_byte_and_every_length() {
        let bytes: Vec<u8> = (0..100_u8).collect();
        let sum = checksum(&bytes);
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 0x10;
            assert_ne!(checksum(&changed), sum, "{place}");
            assert_ne!(checksum(&bytes[..place]), sum, "{place}");
        }
        assert_ne!(checksum(&[]), checksum(&[0]));
    }
}
