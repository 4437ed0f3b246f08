//! An mbox archive, split into raw messages without holding more than one of them.

use std::io::BufRead;

use crate::base::{Error, ErrorKind, Result};
use crate::text::limits::{Limits, exceeded};

/// One message of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MboxMessage {
    /// Offset of its separator line in the archive.
    pub position: u64,
    /// The raw message, without separator line and the `>` that protects `From ` lines.
    pub raw: Vec<u8>,
}

/// Iterates over the messages of an mbox archive (mboxo, mboxrd and, as long as its
/// bodies protect `From ` lines, mboxcl2).
///
/// A separator is a line that begins with `From `, looks like an envelope (a sender and a
/// time of day or a year) and stands at the start or after an empty line. A message beyond
/// [`Limits::max_message_bytes`] gives an error and is skipped; the next one follows. After
/// a read error the iterator ends.
#[derive(Debug)]
pub struct Mbox<R> {
    reader: R,
    limit: usize,
    offset: u64,
    /// Offset of the separator of the message being read.
    message: Option<u64>,
    line: Vec<u8>,
    done: bool,
}

/// A separator line longer than this is none.
const MAX_SEPARATOR_BYTES: usize = 1_000;

impl<R: BufRead> Mbox<R> {
    /// Reads from the start of an archive.
    pub fn new(reader: R, limits: &Limits) -> Self {
        Self {
            reader,
            limit: limits.max_message_bytes,
            offset: 0,
            message: None,
            line: Vec::new(),
            done: false,
        }
    }

    /// Reads the next piece of a line into `self.line`: up to a line feed, or as much as
    /// the reader buffers, so that an endless line is not collected. Whether it read any.
    fn next_piece(&mut self) -> std::io::Result<bool> {
        self.line.clear();
        loop {
            let buffer = match self.reader.fill_buf() {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                other => other?,
            };
            if buffer.is_empty() {
                return Ok(!self.line.is_empty());
            }
            let end = buffer.iter().position(|&byte| byte == b'\n').map_or(buffer.len(), |at| at + 1);
            self.line.extend_from_slice(&buffer[..end]);
            self.reader.consume(end);
            self.offset += end as u64;
            if self.line.ends_with(b"\n") || self.line.len() > MAX_SEPARATOR_BYTES {
                return Ok(true);
            }
        }
    }

    fn finish(&self, position: u64, mut raw: Vec<u8>, too_large: bool) -> Option<Result<MboxMessage>> {
        if too_large {
            let error = exceeded("mail.mbox", "max_message_bytes", self.limit, "message");
            return Some(Err(error.with("position", position)));
        }
        // The empty line before the next separator belongs to the archive.
        for end in [b"\n\r\n".as_slice(), b"\n\n"] {
            if raw.ends_with(end) {
                raw.truncate(raw.len() - (end.len() - 1));
                break;
            }
        }
        let blank = raw.iter().all(u8::is_ascii_whitespace);
        (!blank).then_some(Ok(MboxMessage { position, raw }))
    }
}

impl<R> Mbox<R> {
    /// How many bytes of the archive have been read, up to the message that comes next.
    pub fn bytes_read(&self) -> u64 {
        self.offset
    }
}

impl<R: BufRead> Iterator for Mbox<R> {
    type Item = Result<MboxMessage>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let (mut raw, mut too_large) = (Vec::new(), false);
        let (mut line_start, mut after_blank) = (true, self.offset == 0);
        loop {
            let start = self.offset;
            match self.next_piece() {
                Ok(true) => {}
                Ok(false) => {
                    self.done = true;
                    return self.message.take().and_then(|position| self.finish(position, raw, too_large));
                }
                Err(error) => {
                    self.done = true;
                    let failed = Error::new(ErrorKind::Io, "mail.mbox", "cannot read the archive");
                    return Some(Err(failed.with("position", start).caused_by(error)));
                }
            }
            if line_start && after_blank && is_separator(&self.line) {
                let before = self.message.replace(start);
                if let Some(found) =
                    before.and_then(|at| self.finish(at, std::mem::take(&mut raw), too_large))
                {
                    return Some(found);
                }
                (raw, too_large) = (Vec::new(), false);
                (line_start, after_blank) = (true, false);
                continue;
            }
            // What stands before the first separator is read as a message of its own.
            if self.message.is_none() {
                self.message = Some(start);
            }
            let content = if line_start { unquoted(&self.line) } else { &self.line };
            too_large |= raw.len() + content.len() > self.limit;
            if !too_large {
                raw.extend_from_slice(content);
            }
            after_blank = line_start && self.line.iter().all(|byte| matches!(byte, b'\r' | b'\n'));
            line_start = self.line.ends_with(b"\n");
        }
    }
}

/// Whether the line is `From sender date`, as mail programs write it.
fn is_separator(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"From ") else {
        return false;
    };
    let words: Vec<&[u8]> =
        rest.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).take(12).collect();
    let time = |word: &[u8]| {
        word.len() >= 4 && word.contains(&b':') && word.iter().all(|b| b.is_ascii_digit() || *b == b':')
    };
    let year = |word: &[u8]| {
        word.len() == 4
            && word.iter().all(u8::is_ascii_digit)
            && (word.starts_with(b"19") || word.starts_with(b"20"))
    };
    // The sender may be empty (` Mon Jan 1 ...`) or have several words in broken archives.
    line.len() <= MAX_SEPARATOR_BYTES
        && words.len() >= 4
        && words.iter().copied().any(time)
        && words.iter().copied().any(year)
}

/// `>From ` as `From `, `>>From ` as `>From `.
fn unquoted(line: &[u8]) -> &[u8] {
    let quotes = line.iter().take_while(|&&byte| byte == b'>').count();
    if quotes > 0 && line[quotes..].starts_with(b"From ") { &line[1..] } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::BufReader;

    fn split(archive: &str) -> Vec<Result<MboxMessage>> {
        // A tiny buffer: lines come in pieces.
        Mbox::new(BufReader::with_capacity(7, archive.as_bytes()), &Limits::default()).collect()
    }

    fn bodies(archive: &str) -> Vec<String> {
        split(archive).into_iter().map(|m| String::from_utf8(m.unwrap().raw).unwrap()).collect()
    }

    const SEPARATOR: &str = "From ana@x.example Tue Jul  1 10:52:37 2003";

    #[test]
    fn separators_need_an_empty_line_and_an_envelope() {
        let archive = format!(
            "{SEPARATOR}\nSubject: a\n\nFrom here on it is text.\n{SEPARATOR}\n>From me\n>>From you\n\n{SEPARATOR}\r\nSubject: b\r\n\r\nB\r\n"
        );
        let expected = [
            format!("Subject: a\n\nFrom here on it is text.\n{SEPARATOR}\nFrom me\n>From you\n"),
            "Subject: b\r\n\r\nB\r\n".into(),
        ];
        assert_eq!(bodies(&archive), expected);
        assert_eq!(
            split(&archive)[1].as_ref().unwrap().position as usize,
            archive.rfind("From ana").unwrap()
        );
    }

    #[test]
    fn a_message_over_the_limit_is_an_error_and_the_next_one_follows() {
        let archive = format!("{SEPARATOR}\n\n{}\n\n{SEPARATOR}\nSubject: b\n\n", "x".repeat(500));
        let limits = Limits { max_message_bytes: 100, ..Limits::default() };
        let found: Vec<_> = Mbox::new(archive.as_bytes(), &limits).collect();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].as_ref().unwrap_err().kind(), ErrorKind::LimitExceeded);
        assert_eq!(found[1].as_ref().unwrap().raw, b"Subject: b\n");
    }

    #[test]
    fn a_file_without_separator_is_one_message_and_an_empty_one_none() {
        assert_eq!(bodies("Subject: a\n\nx\n"), ["Subject: a\n\nx\n"]);
        assert!(bodies("").is_empty() && bodies("\n\n").is_empty());
    }

    proptest! {
        #[test]
        fn messages_come_back(bodies_in in prop::collection::vec("((>?From x|[a-z ]{1,9})\n){1,5}", 1..5)) {
            let archive: String = bodies_in.iter().map(|body| {
                let quoted = body.replace("From ", ">From ");
                format!("{SEPARATOR}\nSubject: s\n\n{quoted}\n")
            }).collect();
            prop_assert_eq!(bodies(&archive).len(), bodies_in.len());
        }
    }
}
