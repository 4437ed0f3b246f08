//! Separated values to lines of `header: value`, which read well out of context.

use crate::base::Result;

use super::limits::{Limits, exceeded};

/// The separators tried, the likeliest first.
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Lines from which the separator is guessed.
const SNIFF_LINES: usize = 20;

/// Each row as one line: `name: value; name: value` under a header, else values between
/// bars. Rows of any length are taken.
pub(super) fn convert(source: &str, limits: &Limits) -> Result<String> {
    let separator = sniff(source);
    let mut reader = ::csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .from_reader(source.as_bytes());
    let mut header: Option<Vec<String>> = None;
    let mut out = String::with_capacity(source.len());
    let mut row = ::csv::StringRecord::new();
    let mut first = true;
    // A read from memory does not fail, and the source is UTF-8.
    while reader.read_record(&mut row).unwrap_or(false) {
        let values: Vec<&str> = row.iter().map(str::trim).collect();
        if std::mem::take(&mut first) && is_header(&values) {
            header = Some(values.iter().map(|&value| one_line(value)).collect());
            continue;
        }
        let start = out.len();
        for (column, value) in values.iter().enumerate().filter(|(_, value)| !value.is_empty()) {
            let name = header.as_ref().and_then(|header| header.get(column)).filter(|name| !name.is_empty());
            if out.len() > start {
                out.push_str(if header.is_some() { "; " } else { " | " });
            }
            if let Some(name) = name {
                out.push_str(name);
                out.push_str(": ");
            }
            out.push_str(&one_line(value));
            if out.len() > limits.max_text_bytes {
                return Err(exceeded("text.csv", "max_text_bytes", limits.max_text_bytes, "rows"));
            }
        }
        if out.len() > start {
            out.push('\n');
        }
    }
    // A header alone is still worth finding.
    if let (true, Some(header)) = (out.is_empty(), header) {
        out = header.join(" | ");
    }
    Ok(out.trim_end().to_owned())
}

fn one_line(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The separator that cuts the first lines into the same number of columns most often.
fn sniff(source: &str) -> u8 {
    let lines: Vec<&str> = source.lines().filter(|line| !line.trim().is_empty()).take(SNIFF_LINES).collect();
    let score = |separator: u8| {
        let counts: Vec<usize> = lines.iter().map(|line| outside_quotes(line, separator)).collect();
        let first = counts.first().copied().unwrap_or(0);
        let equal = counts.iter().filter(|&&count| count == first && count > 0).count();
        (equal, first)
    };
    let mut best = SEPARATORS[0];
    for &separator in &SEPARATORS[1..] {
        if score(separator) > score(best) {
            best = separator;
        }
    }
    best
}

fn outside_quotes(line: &str, separator: u8) -> usize {
    let mut quoted = false;
    line.bytes()
        .filter(|&byte| {
            quoted ^= byte == b'"';
            byte == separator && !quoted
        })
        .count()
}

/// A first row is a header if it names every column, each differently, none by a number.
fn is_header(values: &[&str]) -> bool {
    let mut seen = std::collections::HashSet::new();
    let name = |value: &&str| {
        !value.is_empty() && value.len() <= 80 && !value.starts_with(|c: char| c.is_ascii_digit() || c == '-')
    };
    values.len() > 1 && values.iter().all(|value| name(value) && seen.insert(*value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(source: &str) -> String {
        convert(source, &Limits::default()).unwrap()
    }

    #[test]
    fn separators_and_headers_are_found() {
        assert_eq!(text("name,city\n\"Dias, Ana\",Lisbon\nBo,\n"), "name: Dias, Ana; city: Lisbon\nname: Bo");
        assert_eq!(text("name;price\nTripod;1,5\n"), "name: Tripod; price: 1,5");
        assert_eq!(text("1\t2\n3\t\"4\n5\"\n"), "1 | 2\n3 | 4 5");
        assert_eq!(text("name,city\n"), "name | city");
    }

    proptest! {
        #[test]
        fn any_text_is_read(source: String) {
            let _ = text(&source);
        }
    }
}
