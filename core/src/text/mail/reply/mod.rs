//! What is new in a mail, apart from what it quotes and how it is signed.

mod marks;

use super::thread::is_forward_subject;

/// A body in three parts. Joined they are the body's lines, though not in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BodyParts {
    /// What the author wrote or forwarded. Never empty unless the body is blank.
    pub new_text: String,
    /// What the author quoted, with the lines that introduce the quotes.
    pub quoted: String,
    /// Signatures, and footers of mailing lists.
    pub signature: String,
}

/// Lines looked at below a rule for the words of a list footer.
const FOOTER_LOOKAHEAD: usize = 5;

/// A footer below a rule, or at the end, has at most this many lines.
const MAX_FOOTER_LINES: usize = 8;

/// Lines looked at below an introduction for quote marks.
const QUOTE_LOOKAHEAD: usize = 12;

/// The words of a list footer are believed only this near to the end: a newsletter has
/// them on top, too.
const MAX_FOOTER_DISTANCE: usize = 40;

/// `--` without its space may be a divider: then more text than this follows.
const MAX_SIGNATURE_LINES: usize = 25;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    New,
    Quoted,
    Signature,
}

/// Splits a body (as in [`ParsedMail::text`](super::ParsedMail::text)) into what is new,
/// quoted and signature. `subject` tells whether the mail is a forward: then the mail
/// below a header block is new text. When nothing would be new, everything is.
#[must_use]
pub fn split_reply(subject: &str, text: &str) -> BodyParts {
    let lines: Vec<&str> = text.lines().collect();
    let forward = is_forward_subject(subject);
    let mut parts = vec![Part::New; lines.len()];
    let mut at = 0;
    let mut in_signature = false;
    let mut rare: Option<&str> = None;
    // Whether a line of new text was seen: below nothing, a quote can only be answered below.
    let mut seen_new = false;
    let end = closing_footer(&lines);
    for part in &mut parts[end..] {
        *part = Part::Signature;
    }
    let all = lines.as_slice();
    let lines = &all[..end];
    while at < lines.len() {
        let line = lines[at];
        let set = |parts: &mut Vec<Part>, from: usize, to: usize, part: Part| {
            for slot in parts.iter_mut().take(to).skip(from) {
                *slot = part;
            }
        };
        if marks::is_forward(line) {
            break;
        }
        let header_block = marks::is_original(line) || marks::header_block(lines, at);
        if header_block && forward {
            break;
        }
        if header_block && !seen_new {
            let block = lines[at..].iter().position(|line| line.trim().is_empty() || marks::is_quote(line));
            let end = block.map_or(lines.len(), |length| at + length.max(1));
            set(&mut parts, at, end, Part::Quoted);
            at = end;
            continue;
        }
        if header_block {
            let from = at - usize::from(at > 0 && marks::is_rule(lines[at - 1]));
            set(&mut parts, from, lines.len(), Part::Quoted);
            break;
        }
        let introduction = marks::attribution(lines, at);
        if introduction > 0 {
            set(&mut parts, at, at + introduction, Part::Quoted);
            at += introduction;
            rare = marks::rare_quote(lines, at);
            // Without any mark below, the whole rest is what was answered.
            let marked = lines[at..].iter().take(QUOTE_LOOKAHEAD).any(|line| marks::is_quote(line));
            if rare.is_none() && !marked {
                set(&mut parts, at, lines.len(), Part::Quoted);
                break;
            }
            in_signature = false;
            continue;
        }
        let rare_quote = rare.is_some_and(|mark| line.trim_start().starts_with(mark));
        if rare_quote || (marks::is_quote(line) && !is_protected_from(lines, at)) {
            parts[at] = Part::Quoted;
            in_signature = false;
        } else if is_footer(lines, at) {
            // A footer ends where the next quote or the mail ends.
            let end =
                lines[at..].iter().position(|line| marks::is_quote(line)).map_or(lines.len(), |n| at + n);
            set(&mut parts, at, end, Part::Signature);
            at = end;
            continue;
        } else if line.trim() == "-----BEGIN PGP SIGNATURE-----" {
            let end = lines[at..].iter().position(|line| line.trim() == "-----END PGP SIGNATURE-----");
            let end = end.map_or(lines.len(), |n| at + n + 1);
            set(&mut parts, at, end, Part::Signature);
            at = end;
            continue;
        } else if line.trim() == "-----BEGIN PGP SIGNED MESSAGE-----" {
            parts[at] = Part::Signature;
            if lines.get(at + 1).is_some_and(|next| next.starts_with("Hash:")) {
                at += 1;
                parts[at] = Part::Signature;
            }
        } else if in_signature {
            parts[at] = Part::Signature;
        } else if marks::is_signature_delimiter(line)
            && (line.ends_with(' ') || lines.len() - at <= MAX_SIGNATURE_LINES)
        {
            in_signature = true;
            parts[at] = Part::Signature;
        } else if marks::is_mobile_signature(line) {
            parts[at] = Part::Signature;
        } else {
            seen_new |= !line.trim().is_empty();
        }
        at += 1;
    }
    let lines = all;
    let new_text = gather(lines, &parts, Part::New);
    if new_text.is_empty() {
        return BodyParts { new_text: text.trim().to_owned(), ..BodyParts::default() };
    }
    let quoted = gather(lines, &parts, Part::Quoted);
    BodyParts { new_text, quoted, signature: gather(lines, &parts, Part::Signature) }
}

/// `>From` alone among lines that are no quotes: an archive protected it.
fn is_protected_from(lines: &[&str], at: usize) -> bool {
    let quote = |line: Option<&&str>| line.is_some_and(|line| marks::is_quote(line));
    lines[at].starts_with(">From ")
        && !quote(at.checked_sub(1).and_then(|above| lines.get(above)))
        && !quote(lines.get(at + 1))
}

/// Where the paragraphs begin that were added at the end of the whole mail.
fn closing_footer(lines: &[&str]) -> usize {
    let mut end = lines.len();
    loop {
        let last = lines[..end].iter().rposition(|line| !line.trim().is_empty());
        let Some(last) = last else {
            return end;
        };
        if marks::is_closing_footer(lines[last]) {
            end = last;
            continue;
        }
        let start =
            lines[..last].iter().rposition(|line| line.trim().is_empty()).map_or(0, |blank| blank + 1);
        if start > 0 && last - start < MAX_FOOTER_LINES && marks::is_closing_footer(lines[start]) {
            end = start;
            continue;
        }
        return end;
    }
}

/// A rule with the words of a list below it, or a rule of underscores with a short text
/// that is the last of the mail (what free mail services advertise).
fn is_footer(lines: &[&str], at: usize) -> bool {
    if !marks::is_rule(lines[at]) {
        return false;
    }
    let below = &lines[at + 1..];
    if below.len() <= MAX_FOOTER_DISTANCE
        && below.iter().take(FOOTER_LOOKAHEAD).any(|line| marks::is_footer_text(line))
    {
        return true;
    }
    let next = below.iter().take(3).position(|line| !line.trim().is_empty());
    lines[at].trim().starts_with("_____")
        && next.is_some_and(|next| !marks::header_block(lines, at + 1 + next))
        && below.iter().position(|line| marks::is_rule(line)).unwrap_or(below.len()) <= MAX_FOOTER_LINES
        && below.len() <= MAX_FOOTER_DISTANCE
}

/// The lines of one part; what was taken out between them leaves one empty line.
fn gather(lines: &[&str], parts: &[Part], wanted: Part) -> String {
    let mut out = String::new();
    let mut blank = false;
    for (line, part) in lines.iter().zip(parts) {
        if *part != wanted || line.trim().is_empty() {
            blank = true;
            continue;
        }
        if !out.is_empty() {
            out.push_str(if blank { "\n\n" } else { "\n" });
        }
        blank = false;
        out.push_str(line.trim_end());
    }
    if wanted == Part::New { out.trim().to_owned() } else { out }
}

#[cfg(test)]
mod tests;
