//! What the demo prints.

use std::collections::BTreeMap;
use std::path::Path;

use besunny::{Error, Hit, Progress, UserHandle};

use crate::mailbox::Expected;

/// Rows printed at most; a reader's own mailbox can have thousands.
const MAX_ROWS: usize = 100;

/// Where each mail went, and why.
pub(crate) async fn outcomes(
    me: &UserHandle,
    outcomes: &[Progress],
    expected: Option<&BTreeMap<String, Expected>>,
) -> Result<(), Error> {
    let names: BTreeMap<_, _> =
        me.projects().list().await?.into_iter().map(|project| (project.id, project.fields.name)).collect();
    let (mut right, mut wrong, mut abstained) = (0, 0, 0);
    for (row, progress) in outcomes.iter().enumerate() {
        let mine = progress.deliveries.iter().find(|delivery| {
            delivery.username.as_deref().is_none_or(|username| username == me.user().username.as_str())
        });
        let Some(delivery) = mine else { continue };
        let Some(document) = &delivery.document else {
            print_row(
                row,
                "",
                &progress.item,
                delivery.status.as_str(),
                delivery.error_message.as_deref().unwrap_or(""),
            );
            continue;
        };
        let went = document.project_id().and_then(|id| names.get(&id)).map(String::as_str);
        let mark = match expected.and_then(|expected| expected.get(&progress.item)) {
            None => "",
            Some(expected) if expected.project.as_deref() == went => {
                right += 1;
                "="
            }
            Some(_) if went.is_none() => {
                abstained += 1;
                "?"
            }
            Some(_) => {
                wrong += 1;
                "x"
            }
        };
        let place = format!("{} ({:.2})", went.unwrap_or("unassigned"), document.assignment.confidence);
        print_row(row, mark, &document.title, &place, &document.assignment.reason);
    }
    if outcomes.len() > MAX_ROWS {
        println!("  ... and {} more", outcomes.len() - MAX_ROWS);
    }
    if expected.is_some() {
        println!(
            "\n= as a person filed it: {right}   ? left unassigned, a person would know: {abstained}   x elsewhere: {wrong}"
        );
    }
    Ok(())
}

fn print_row(row: usize, mark: &str, title: &str, place: &str, reason: &str) {
    if row < MAX_ROWS {
        println!("{mark:1} {:42} -> {:32} {}", cut(title, 42), cut(place, 32), cut(reason, 90));
    }
}

/// A hit, with where its score comes from.
pub(crate) fn hit(hit: &Hit) {
    let words = hit.why.lexical.as_ref().map(|why| {
        let terms: Vec<&str> = why.terms.iter().map(|(term, _)| term.as_str()).collect();
        format!("words #{} ({})", why.rank, terms.join(", "))
    });
    let meaning =
        hit.why.semantic.as_ref().map(|why| format!("meaning #{} ({:.2})", why.rank, why.similarity));
    let why: Vec<String> = words.into_iter().chain(meaning).collect();
    println!("  {:.4}  {:50}  {}", hit.score, cut(&hit.document.title, 50), why.join(" + "));
    println!("          {}", cut(&hit.snippet.text, 110));
}

fn cut(text: &str, width: usize) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(width + 1).collect();
    if line.chars().count() <= width {
        return line;
    }
    line.chars().take(width - 1).chain(std::iter::once('…')).collect()
}

pub(crate) fn next_steps(workspace: Option<&Path>) {
    println!("\nWhere to go next:");
    if workspace.is_none() {
        println!(
            "  make demo WORKSPACE=./workspace      keep the workspace (run it twice: nothing is stored twice)"
        );
    }
    println!("  make demo MAIL=path                  your own mbox, Maildir or folder of .eml files");
    println!("  make demo MAIL=path PROJECTS=p.json QUERY=\"words\"");
    println!("  examples/rust, python, node          the same in ten lines");
    println!("  ARCHITECTURE.md                      how it works inside");
}
