//! Reads the sources of `core` and says where they break the layers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The rooms of each layer, from the ground up. A room imports from layers below its own.
const LAYERS: [&[&str]; 6] = [
    &["base"],
    &["domain", "offload"],
    &["text", "ml", "index", "net", "security", "store"],
    &["assign", "events", "google", "intake", "jobs", "search", "sync"],
    &["workspace"],
    &["blocking", "lib"],
];
/// What the pure room of text must not reach for.
const IMPURE: [&str; 6] = ["std::fs", "std::net", "std::thread", "std::time", "std::env", "tokio::"];
/// The most lines of a file.
const MAX_LINES: usize = 500;
/// The folders and named files of the root.
const ROOT: [&str; 8] =
    ["Cargo.toml", "README.md", "core", "bindings-python", "bindings-node", "examples", "benches", "tests"];
/// Beside those, documents and configuration: files that end so, or are called so.
const ROOT_ENDINGS: [&str; 6] = [".md", ".toml", ".json", ".yml", ".yaml", ".lock"];
const ROOT_FILES: [&str; 4] = ["Makefile", "LICENSE", "LICENSE-APACHE", "LICENSE-MIT"];

/// A source file of `core`.
pub struct Source {
    /// Below `core/src`, with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
}

impl Source {
    /// The folder right below `core/src`, or the name of a file there.
    pub fn room(&self) -> &str {
        let first = self.path.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// The module path of the file: `text/mail/mod.rs` is `[text, mail]`.
    fn modules(&self) -> Vec<&str> {
        let mut modules: Vec<&str> = self.path.split('/').collect();
        let last = modules.pop().and_then(|name| name.strip_suffix(".rs"));
        modules.extend(last.filter(|name| !["mod", "lib"].contains(name)));
        modules
    }

    /// The other rooms that the file names, with the line on which it does; `lib` for what
    /// it takes from the root of the crate.
    pub fn imports(&self, rooms: &BTreeSet<&str>) -> Vec<(usize, String)> {
        let code = without_comments_and_strings(&self.text);
        let own = self.modules();
        // Modules that the file itself opens: a `super` inside `mod tests` is the file.
        let mut found = Vec::new();
        let mut depth: i64 = 0;
        let mut inline: Vec<i64> = Vec::new();
        let mut tokens = tokens(&code).into_iter().peekable();
        while let Some((line, token)) = tokens.next() {
            match token {
                "{" => depth += 1,
                "}" => {
                    depth -= 1;
                    if inline.last() == Some(&depth) {
                        inline.pop();
                    }
                }
                "mod" => {
                    let _name = tokens.next();
                    if tokens.peek().is_some_and(|(_, next)| *next == "{") {
                        inline.push(depth);
                    }
                }
                "crate" | "super" => {
                    let mut above = if token == "crate" { own.len() + inline.len() } else { 1 };
                    let mut named = None;
                    while tokens.peek().is_some_and(|(_, next)| *next == "::") {
                        tokens.next();
                        match tokens.peek().copied() {
                            Some((_, "super")) => {
                                tokens.next();
                                above += 1;
                            }
                            Some((_, name)) => {
                                named = Some(name);
                                break;
                            }
                            None => break,
                        }
                    }
                    // Only a path that climbs to the root of the crate can leave the room.
                    if above < own.len() + inline.len() {
                        continue;
                    }
                    match named {
                        Some("{") => {
                            tokens.next();
                            found.extend(group_heads(&mut tokens).into_iter().map(|name| (line, name)));
                        }
                        Some(name) => found.push((line, name.to_owned())),
                        None => {}
                    }
                }
                _ => {}
            }
        }
        for (_, name) in &mut found {
            // What the root itself gives out: for a room that is the way round the layers.
            if !rooms.contains(name.as_str()) {
                *name = "lib".to_owned();
            }
        }
        found.retain(|(_, name)| name != self.room());
        found
    }
}

/// The first names of a group, `a::{b, c}, d` as `a` and `d`; reads to its closing brace.
fn group_heads<'a>(tokens: &mut impl Iterator<Item = (usize, &'a str)>) -> Vec<String> {
    let (mut open, mut heads, mut at_head) = (1, Vec::new(), true);
    for (_, token) in tokens {
        match token {
            "{" => open += 1,
            "}" => open -= 1,
            "," if open == 1 => at_head = true,
            name if at_head && open == 1 => {
                heads.push(name.to_owned());
                at_head = false;
            }
            _ => {}
        }
        if open == 0 {
            break;
        }
    }
    heads
}

/// Names, `::`, `,` and braces, each with its line; everything else is left out.
fn tokens(code: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(code.lines()) {
        let mut rest = line;
        while let Some(first) = rest.chars().next() {
            let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            let length = if word > 0 {
                word
            } else if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            let token = &rest[..length];
            if word > 0 || matches!(token, "::" | "{" | "}" | ",") {
                found.push((number, token));
            }
            rest = &rest[length..];
        }
    }
    found
}

/// The code with comments and the insides of strings blanked, lines kept.
fn without_comments_and_strings(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(hashes) = raw_string(rest) {
            let close = format!("\"{}", "#".repeat(hashes));
            let open = hashes + 2;
            rest[open..].find(&close).map_or(rest.len(), |end| open + end + close.len())
        } else if c == '"' {
            string_end(rest)
        } else if c == '\'' {
            char_literal(rest)
        } else {
            // A word whole, so that the `r` of `for"` begins no raw string.
            let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            let length = word.max(c.len_utf8());
            out.push_str(&rest[..length]);
            rest = &rest[length..];
            continue;
        };
        out.extend(rest[..length].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        rest = &rest[length..];
    }
    out
}

/// The number of `#` of a raw string that begins here.
fn raw_string(text: &str) -> Option<usize> {
    let inner = text.strip_prefix("br").or_else(|| text.strip_prefix('r'))?;
    let hashes = inner.len() - inner.trim_start_matches('#').len();
    let shift = usize::from(text.starts_with('b'));
    inner[hashes..].starts_with('"').then_some(hashes + shift)
}

fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of `'x'` or `'\n'`; 1 for a lifetime.
fn char_literal(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match chars.next() {
        Some((_, '\\')) => {
            let after = chars.next().map_or(text.len(), |(at, c)| at + c.len_utf8());
            text[after..].find('\'').map_or(text.len(), |end| after + end + 1)
        }
        Some((_, _)) => match chars.next() {
            Some((at, '\'')) => at + 1,
            _ => 1,
        },
        None => 1,
    }
}

/// Every source file below `core/src`, by path.
pub fn sources() -> Vec<Source> {
    let root = crate::root().join("core/src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    let read = |path: PathBuf| {
        let below = path.strip_prefix(&root).unwrap_or(&path);
        let path_text = below.components().map(|part| part.as_os_str().to_string_lossy().into_owned());
        Source {
            path: path_text.collect::<Vec<_>>().join("/"),
            text: std::fs::read_to_string(&path)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display())),
        }
    };
    let mut sources: Vec<Source> = files.into_iter().map(read).collect();
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    sources
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("core/src can be listed") {
        let path = entry.expect("core/src can be listed").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn layer(room: &str) -> Option<usize> {
    LAYERS.iter().position(|rooms| rooms.contains(&room))
}

/// Rooms without a layer, and imports that go up or sideways.
pub fn broken_layers(sources: &[Source]) -> Vec<String> {
    let rooms: BTreeSet<&str> = sources.iter().map(Source::room).collect();
    let mut broken: Vec<String> = rooms
        .iter()
        .filter(|room| layer(room).is_none())
        .map(|room| format!("the room `{room}` is in no layer"))
        .collect();
    for source in sources {
        for (line, room) in source.imports(&rooms) {
            if layer(&room) >= layer(source.room()) {
                broken.push(format!("{}:{line}: imports `{room}`, which is not below it", source.path));
            }
        }
    }
    broken
}

/// The rooms on a circle of imports, in order; empty when there is none.
pub fn circle(sources: &[Source]) -> Vec<String> {
    let rooms: BTreeSet<&str> = sources.iter().map(Source::room).collect();
    let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in sources {
        let from = imports.entry(source.room().to_owned()).or_default();
        from.extend(source.imports(&rooms).into_iter().map(|(_, room)| room));
    }
    // What imports nothing that is left, or is imported by nothing, is on no circle.
    loop {
        let wanted: BTreeSet<String> = imports.values().flatten().cloned().collect();
        let free = imports.iter().find(|(room, to)| to.is_empty() || !wanted.contains(*room));
        let Some(free) = free.map(|(room, _)| room.clone()) else { break };
        imports.remove(&free);
        for to in imports.values_mut() {
            to.remove(&free);
        }
    }
    imports.into_keys().collect()
}

/// Rooms whose `mod.rs` states no invariant.
pub fn without_invariant(sources: &[Source]) -> Vec<String> {
    let is_room = |source: &&Source| source.path.split('/').count() == 2 && source.path.ends_with("/mod.rs");
    let states = |source: &Source| {
        let head = source.text.lines().take_while(|line| line.starts_with("//!"));
        head.into_iter().any(|line| line.trim_start_matches("//!").trim().starts_with("Invariant:"))
    };
    sources
        .iter()
        .filter(is_room)
        .filter(|source| !states(source))
        .map(|source| source.path.clone())
        .collect()
}

/// Files that are too long.
pub fn too_long(sources: &[Source]) -> Vec<String> {
    let lines = sources.iter().map(|source| (source, source.text.lines().count()));
    lines
        .filter(|(_, lines)| *lines > MAX_LINES)
        .map(|(source, lines)| format!("{}: {lines} lines", source.path))
        .collect()
}

/// Where `text` reaches for the disk, the network, threads or the clock.
pub fn impure_text(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    let of_text = sources.iter().filter(|source| source.room() == "text");
    for source in of_text {
        let code = without_comments_and_strings(&source.text);
        for (number, line) in (1..).zip(code.lines()) {
            for name in IMPURE.iter().filter(|name| line.contains(*name)) {
                found.push(format!("{}:{number}: {name}", source.path));
            }
            let grouped = line.trim_start().strip_prefix("use std::{").map(|rest| rest.split(',').collect());
            let heads: Vec<&str> = grouped.unwrap_or_default();
            for head in heads {
                let name = head.trim().split(&[':', '}'][..]).next().unwrap_or_default();
                if IMPURE.contains(&format!("std::{name}").as_str()) {
                    found.push(format!("{}:{number}: std::{name}", source.path));
                }
            }
        }
    }
    found
}

/// What stands in the root of the repository and does not belong there. Hidden entries and
/// what version control ignores are not looked at.
pub fn strays_of_the_root() -> Vec<String> {
    let ignored = std::fs::read_to_string(crate::root().join(".gitignore")).unwrap_or_default();
    let ignored: BTreeSet<&str> = ignored.lines().map(|line| line.trim().trim_matches('/')).collect();
    let mut strays = Vec::new();
    for entry in std::fs::read_dir(crate::root()).expect("the root can be listed") {
        let entry = entry.expect("the root can be listed");
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        let is_known = ROOT.contains(&name.as_str())
            || (is_file && ROOT_FILES.contains(&name.as_str()))
            || (is_file && ROOT_ENDINGS.iter().any(|ending| name.ends_with(ending)));
        if !is_known && !name.starts_with('.') && !ignored.contains(name.as_str()) {
            strays.push(name);
        }
    }
    strays.sort();
    strays
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> Source {
        Source { path: path.to_owned(), text: text.to_owned() }
    }

    fn imported(path: &str, text: &str) -> Vec<String> {
        let rooms = BTreeSet::from(["base", "domain", "text", "store", "intake", "lib"]);
        source(path, text).imports(&rooms).into_iter().map(|(_, room)| room).collect()
    }

    #[test]
    fn paths_are_found_however_they_are_written() {
        assert_eq!(imported("text/a.rs", "use crate::domain::X;"), ["domain"]);
        assert_eq!(imported("text/a.rs", "use crate::{base::{A, store}, domain};"), ["base", "domain"]);
        assert_eq!(imported("text/a.rs", "fn f() -> crate::store::S { todo }"), ["store"]);
        assert_eq!(imported("text/a.rs", "use crate::ErrorKind;"), ["lib"]);
        assert_eq!(imported("text/mod.rs", "use super::intake;"), ["intake"]);
        assert_eq!(imported("text/a.rs", "use super::super::intake::I;"), ["intake"]);
        assert_eq!(imported("text/mail/a.rs", "use super::super::super::intake::I;"), ["intake"]);
        assert_eq!(imported("text/a.rs", "mod tests { use super::super::super::intake::I; }"), ["intake"]);
    }

    #[test]
    fn what_stays_in_the_room_or_in_a_comment_is_no_import() {
        for text in [
            "use super::store;",
            "use crate::text::x;",
            "// use crate::store;",
            "/* crate::store */",
            "const A: &str = \"crate::store\";",
            "const A: &str = r#\"crate::store \" \"#;",
            "mod tests { use super::super::store; }",
            "fn f<'a>(c: char) { c == '\"'; c == '\\''; }",
            "pub(crate) fn store() {}",
            "pub(in crate::text) fn x() {}",
        ] {
            assert_eq!(imported("text/a.rs", text), Vec::<String>::new(), "{text}");
        }
        assert_eq!(imported("text/mail/a.rs", "use super::super::store;"), Vec::<String>::new());
    }

    #[test]
    fn upward_sideways_and_circular_imports_are_broken() {
        let of = |path, text| {
            broken_layers(&[source(path, text), source("store/mod.rs", ""), source("intake/mod.rs", "")])
        };
        assert_eq!(of("domain/a.rs", "use crate::store::S;").len(), 1);
        assert_eq!(of("text/a.rs", "use crate::store::S;").len(), 1);
        assert_eq!(of("text/a.rs", "#[cfg(test)] mod tests { use crate::intake::I; }").len(), 1);
        assert_eq!(of("workspace/a.rs", "use crate::store::S;"), Vec::<String>::new());
        assert_eq!(of("shed/a.rs", ""), ["the room `shed` is in no layer"]);
        let round = [
            source("text/mod.rs", "use crate::store::S;"),
            source("store/mod.rs", "use crate::text::T;"),
            source("base/mod.rs", ""),
            source("workspace/mod.rs", "use crate::base::B;"),
        ];
        assert_eq!(circle(&round), ["store", "text"]);
        assert_eq!(circle(&round[1..2]), Vec::<String>::new());
    }

    #[test]
    fn rooms_state_invariants_and_files_are_short() {
        let stated = source("text/mod.rs", "//! Text.\n//!\n//! Invariant: pure.\n");
        let silent = source("store/mod.rs", "//! Store.\n// Invariant: hidden\n");
        assert_eq!(without_invariant(&[stated, silent]), ["store/mod.rs"]);
        assert_eq!(
            too_long(&[source("a.rs", &"x\n".repeat(501)), source("b.rs", &"x\n".repeat(500))]),
            ["a.rs: 501 lines"]
        );
        let impure = source("text/a.rs", "use std::fs;\nuse std::{net::X, time};\n// std::thread\n");
        assert_eq!(impure_text(&[impure]).len(), 3);
    }
}
