//! Finds in an item what projects say about themselves.

use std::collections::HashMap;

use super::profile::{Person, Profile};
use crate::domain::{Evidence, ItemClues, Mailbox, Signal};
use crate::text::{Term, terms};

/// How far a signal counts where it stands: the subject says more than the text, quoted
/// mail says less.
const PLACES: [(&str, f64); 3] = [("subject", 1.4), ("text", 1.0), ("quoted", 0.5)];

/// The log-odds a phrase adds when it stands in the text and no other project has it.
/// Set by hand on a mailbox of a fictional company, and checked there by
/// `benches/quality`; calibration on larger data is the task of a learned combiner.
fn phrase_weight(signal: Signal, length: usize) -> f64 {
    match signal {
        Signal::Code => 3.2,
        // A name of one common word proves less than one of several.
        Signal::Name if length > 1 => 2.8,
        Signal::Name => 1.9,
        Signal::Keyword if length > 1 => 1.7,
        Signal::Keyword => 1.1,
        Signal::Tag => 0.7,
        _ => 0.3,
    }
}

const SENDER: f64 = 2.0;
const RECIPIENT: f64 = 1.0;
const MENTIONED: f64 = 0.8;
const SENDER_DOMAIN: f64 = 1.5;
const RECIPIENT_DOMAIN: f64 = 0.7;
/// Cosine at which a description begins to speak for its project, and what it adds per
/// unit beyond. Sentence models put unrelated texts near 0.0 to 0.2.
const SIMILARITY_FROM: f64 = 0.25;
const SIMILARITY_SLOPE: f64 = 3.0;
/// Each further piece of evidence of one signal counts this much less than the one before:
/// ten keywords of one project are not ten independent proofs.
const REPEAT: f64 = 0.6;

/// An item, broken into terms once for all projects.
pub(super) struct Item<'a> {
    clues: ItemClues<'a>,
    places: Vec<(&'static str, f64, Terms)>,
}

/// The terms of one place, with where each occurs.
struct Terms {
    /// Several terms can share a position (a code and its parts).
    by_position: Vec<Vec<String>>,
    first_positions: HashMap<String, Vec<usize>>,
}

impl Terms {
    fn of(text: &str) -> Self {
        let mut by_position: Vec<Vec<String>> = Vec::new();
        let mut first_positions: HashMap<String, Vec<usize>> = HashMap::new();
        let mut last = None;
        for Term { text, position, .. } in terms(text) {
            if last != Some(position) {
                by_position.push(Vec::new());
                last = Some(position);
            }
            let place = by_position.len() - 1;
            first_positions.entry(text.clone()).or_default().push(place);
            by_position[place].push(text);
        }
        Self { by_position, first_positions }
    }

    fn contains(&self, phrase: &[String]) -> bool {
        let Some((first, rest)) = phrase.split_first() else { return false };
        self.first_positions.get(first).is_some_and(|starts| {
            starts.iter().any(|&start| {
                rest.iter().enumerate().all(|(offset, term)| {
                    self.by_position.get(start + 1 + offset).is_some_and(|there| there.contains(term))
                })
            })
        })
    }
}

impl<'a> Item<'a> {
    pub(super) fn new(clues: ItemClues<'a>) -> Self {
        let texts = [clues.subject, clues.text, clues.quoted];
        let places =
            PLACES.iter().zip(texts).map(|(&(place, factor), text)| (place, factor, Terms::of(text)));
        Self { clues, places: places.collect() }
    }

    /// What speaks for a project in the item itself, strongest first.
    pub(super) fn evidence_for(&self, profile: &Profile) -> Vec<Evidence> {
        let mut found = Vec::new();
        for phrase in &profile.phrases {
            // The best place counts; saying it twice does not make it truer.
            let best = self.places.iter().find(|(_, _, terms)| terms.contains(&phrase.terms));
            if let Some(&(place, factor, _)) = best {
                let weight =
                    phrase_weight(phrase.signal, phrase.terms.len()) * factor / phrase.shared_by as f64;
                found.push(evidence(phrase.signal, &phrase.written, place, weight));
            }
        }
        found.extend(profile.people.iter().filter_map(|person| self.person(person)));
        found.extend(profile.domains.iter().filter_map(|(domain, shared)| self.domain(domain, *shared)));
        if let (Some(item), Some(project)) = (self.clues.vector, &profile.vector) {
            let cosine = dot(item, project);
            if cosine > SIMILARITY_FROM {
                let weight = (cosine - SIMILARITY_FROM) * SIMILARITY_SLOPE;
                found.push(evidence(
                    Signal::Similarity,
                    &format!("cosine {cosine:.2} to its description"),
                    "text",
                    weight,
                ));
            }
        }
        diminish(found)
    }

    fn person(&self, person: &Person) -> Option<Evidence> {
        let wanted = &person.mailbox;
        let is_same = |mailbox: &Mailbox| {
            if wanted.address.is_empty() {
                same_name(wanted.name.as_deref(), mailbox.name.as_deref())
            } else {
                wanted.address.eq_ignore_ascii_case(&mailbox.address)
            }
        };
        let written = wanted.name.as_ref().unwrap_or(&wanted.address);
        let shared = person.shared_by as f64;
        if self.clues.sender.is_some_and(is_same) {
            return Some(evidence(Signal::Person, written, "sender", SENDER / shared));
        }
        if self.clues.recipients.iter().any(is_same) {
            return Some(evidence(Signal::Person, written, "recipients", RECIPIENT / shared));
        }
        // A first name alone is too common to be a mention.
        if person.name_terms.len() < 2 {
            return None;
        }
        let (place, factor, _) =
            self.places.iter().find(|(_, _, terms)| terms.contains(&person.name_terms))?;
        Some(evidence(Signal::Person, written, place, MENTIONED * factor / shared))
    }

    fn domain(&self, domain: &str, shared_by: usize) -> Option<Evidence> {
        let is_there = |mailbox: &Mailbox| {
            mailbox.domain().is_some_and(|found| {
                found == domain || found.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
            })
        };
        let shared = shared_by as f64;
        if self.clues.sender.is_some_and(is_there) {
            return Some(evidence(Signal::Domain, domain, "sender", SENDER_DOMAIN / shared));
        }
        let found = self.clues.recipients.iter().any(is_there);
        found.then(|| evidence(Signal::Domain, domain, "recipients", RECIPIENT_DOMAIN / shared))
    }
}

fn same_name(wanted: Option<&str>, found: Option<&str>) -> bool {
    matches!((wanted, found), (Some(a), Some(b)) if a.to_lowercase() == b.trim().to_lowercase())
}

pub(super) fn evidence(signal: Signal, detail: &str, place: &str, weight: f64) -> Evidence {
    Evidence { signal, detail: detail.to_owned(), place: place.to_owned(), weight }
}

/// The dot product, in f64 and in order, so that it is the same everywhere.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(&x, &y)| f64::from(x) * f64::from(y)).sum()
}

/// Sorts evidence by weight and lets each further piece of a signal count less.
fn diminish(mut found: Vec<Evidence>) -> Vec<Evidence> {
    sort_by_weight(&mut found);
    let mut seen: Vec<(Signal, f64)> = Vec::new();
    for piece in &mut found {
        match seen.iter_mut().find(|(signal, _)| *signal == piece.signal) {
            Some((_, factor)) => {
                piece.weight *= *factor;
                *factor *= REPEAT;
            }
            None => seen.push((piece.signal, REPEAT)),
        }
    }
    sort_by_weight(&mut found);
    found
}

pub(super) fn sort_by_weight(found: &mut [Evidence]) {
    found.sort_by(|a, b| b.weight.total_cmp(&a.weight).then_with(|| a.detail.cmp(&b.detail)));
}
