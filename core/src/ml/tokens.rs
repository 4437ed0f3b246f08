//! Texts to token ids.

use std::collections::HashSet;

use tokenizers::Tokenizer;

use crate::base::{Error, ErrorKind, Result};

const OPERATION: &str = "model.tokenise";

/// Bytes of a long text that are tokenised first, for each token that will be kept.
const BYTES_PER_TOKEN: usize = 16;
/// Words after the last kept token that must be complete: what lies between it and the
/// place where a long text was cut.
const WORDS_AHEAD: usize = 8;

/// A model's tokenizer, with its limit.
pub(super) struct Tokens {
    tokenizer: Tokenizer,
    max_tokens: usize,
    /// Special tokens added to each text.
    added: usize,
}

impl Tokens {
    /// Reads `tokenizer.json`. Lower-casing and cleaning are its business.
    ///
    /// # Errors
    /// [`ErrorKind::Model`] if it is not a tokenizer.
    pub(super) fn new(json: &[u8], max_tokens: usize) -> Result<Self> {
        let mut tokenizer = Tokenizer::from_bytes(json).map_err(|error| {
            Error::new(ErrorKind::Model, OPERATION, "tokenizer.json is not a tokenizer").caused_by(error)
        })?;
        // The file may carry padding and truncation settings; both are done here.
        tokenizer.with_padding(None);
        tokenizer.with_truncation(None).map_err(failed)?;
        let added = tokenizer.encode_fast("", true).map_err(failed)?.len();
        if added >= max_tokens {
            return Err(Error::new(ErrorKind::Model, OPERATION, "special tokens alone fill the model"));
        }
        Ok(Self { tokenizer, max_tokens, added })
    }

    /// The ids of `text`, special tokens included, at most the model's maximum.
    ///
    /// # Errors
    /// [`ErrorKind::Model`] if the tokenizer cannot encode it.
    pub(super) fn encode(&self, text: &str) -> Result<Vec<u32>> {
        let kept = self.max_tokens - self.added;
        let mut size = self.max_tokens * BYTES_PER_TOKEN;
        loop {
            let part = head(text, size);
            let mut encoding = self.tokenizer.encode_fast(part, false).map_err(failed)?;
            if part.len() < text.len() && !self.decided(encoding.get_word_ids(), kept) {
                size = size.saturating_mul(4);
                continue;
            }
            encoding.truncate(kept, 0, tokenizers::TruncationDirection::Right);
            let encoding = self.tokenizer.post_process(encoding, None, true).map_err(failed)?;
            return Ok(encoding.get_ids().to_vec());
        }
    }

    /// Whether the first `kept` tokens of a text that was cut are those of the whole text:
    /// a cut changes the last words at most.
    fn decided(&self, words: &[Option<u32>], kept: usize) -> bool {
        let after = words.get(kept..).unwrap_or_default();
        let last = kept.checked_sub(1).and_then(|last| words.get(last).copied().flatten());
        let ahead: HashSet<u32> =
            after.iter().flatten().copied().filter(|&word| Some(word) != last).collect();
        ahead.len() > WORDS_AHEAD
    }
}

/// The first `size` bytes of `text`, or a few less to end between characters.
fn head(text: &str, size: usize) -> &str {
    let mut end = size.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn failed(error: tokenizers::Error) -> Error {
    Error::new(ErrorKind::Model, OPERATION, "the tokenizer fails").caused_by(error)
}
