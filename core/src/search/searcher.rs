//! One search, from words to hits.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::follower::{Following, IndexFollower, index_term};
use super::fusion::{Fused, Ranking, reciprocal_rank};
use crate::base::{ChunkId, DocumentId, Error, ErrorKind, Result, Scope};
use crate::domain::{
    Access, DocumentFilter, Hit, HitSnippet, LexicalWhy, MAX_HITS, SearchMode, SearchRequest, SemanticWhy,
    Store, Why,
};
use crate::index::{Bm25Parameters, LexicalHit, LexicalQuery, Phrase, QueryTerm, SemanticHit, TenantIndex};
use crate::ml::Encoder;
use crate::offload::offload;
use crate::text::{Query, Term, parse_query, snippet};

/// How deep each side is asked before fusion, at least: a document that is third on both
/// sides must not be missed because ten were wanted.
const FUSION_DEPTH: usize = 100;
/// The longest query, in bytes; far beyond what a person types.
const MAX_QUERY_BYTES: usize = 32_768;
/// The length of a snippet, in characters.
const SNIPPET_CHARS: usize = 240;
/// How often a search begins again with an index that turned out damaged, or fell back.
const MAX_ATTEMPTS: usize = 4;

/// Searches the index of a tenant.
pub(crate) struct Searcher {
    store: Arc<dyn Store>,
    encoder: Option<Arc<Encoder>>,
    follower: Arc<IndexFollower>,
}

/// Both sides' answers.
#[derive(Default)]
struct Found {
    lexical: Vec<LexicalHit>,
    semantic: Vec<SemanticHit>,
}

impl Searcher {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        encoder: Option<Arc<Encoder>>,
        follower: Arc<IndexFollower>,
    ) -> Self {
        Self { store, encoder, follower }
    }

    /// Runs a search. A query without words finds nothing.
    pub(crate) async fn search(&self, scope: &Scope, request: &SearchRequest) -> Result<Vec<Hit>> {
        let operation = "search";
        if !(1..=MAX_HITS).contains(&request.limit) {
            return Err(Error::new(ErrorKind::InvalidInput, operation, "a search asks for 1 to 1,000 hits")
                .with("limit", request.limit));
        }
        if request.query.len() > MAX_QUERY_BYTES {
            return Err(Error::new(ErrorKind::LimitExceeded, operation, "the query is too long")
                .with("size", request.query.len())
                .with("limit", MAX_QUERY_BYTES));
        }
        let query = parse_query(&request.query);
        let vector = self.query_vector(request.mode, &query).await?;
        let depth =
            if request.mode == SearchMode::Hybrid { request.limit.max(FUSION_DEPTH) } else { request.limit };
        let mut attempts = 0;
        let found = loop {
            let (index, level) = self.follower.level(scope).await?;
            let (mode, filter) = (request.mode, request.filter.clone());
            let (words, vector, searched) = (query.clone(), vector.clone(), Arc::clone(&index));
            let found = offload("search", move || {
                let mut found = Found::default();
                if mode != SearchMode::Semantic {
                    found.lexical = lexical(&searched, &words, &filter, depth)?;
                }
                if let Some(vector) = vector {
                    found.semantic = semantic(&searched, &vector, &words, &filter, depth)?;
                }
                Ok(found)
            })
            .await;
            attempts += 1;
            match found {
                Ok(found) if IndexFollower::held_good(&index, level) || attempts == MAX_ATTEMPTS => {
                    break found;
                }
                // It fell back behind what this search must see.
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Index && attempts < MAX_ATTEMPTS => {
                    tracing::warn!(%error, "the search index is damaged and is rebuilt");
                    self.follower.rebuild(scope, &Following::default()).await?;
                }
                Err(error) => return Err(error),
            }
        };
        self.hits(scope, request, &query, found).await
    }

    /// The query's embedding, where the mode wants it.
    async fn query_vector(&self, mode: SearchMode, query: &Query) -> Result<Option<Vec<f32>>> {
        let meaning = query.meaning().trim();
        if mode == SearchMode::Lexical || meaning.is_empty() {
            return Ok(None);
        }
        match &self.encoder {
            Some(encoder) => Ok(encoder.embed(vec![meaning.to_owned()]).await?.pop()),
            None if mode == SearchMode::Semantic => Err(Error::new(
                ErrorKind::ModelMissing,
                "search",
                "searching by meaning needs a model; open the workspace with `model`, or set BESUNNY_MODEL to its folder",
            )),
            None => Ok(None),
        }
    }

    async fn hits(
        &self,
        scope: &Scope,
        request: &SearchRequest,
        query: &Query,
        found: Found,
    ) -> Result<Vec<Hit>> {
        let lexical: Vec<(DocumentId, u64)> =
            found.lexical.iter().map(|hit| (hit.document, hit.order)).collect();
        let semantic: Vec<(DocumentId, u64)> =
            found.semantic.iter().map(|hit| (hit.document, hit.order)).collect();
        let rankings =
            [Ranking { documents: &lexical, weight: 1.0 }, Ranking { documents: &semantic, weight: 1.0 }];
        let by_words: HashMap<DocumentId, usize> = places(&lexical);
        let by_meaning: HashMap<DocumentId, usize> = places(&semantic);
        let spelled: HashMap<&str, &str> = query.spellings().collect();
        let wanted: HashSet<String> = spelled.keys().map(|&term| term.to_owned()).collect();
        let words_of = |id: DocumentId| by_words.get(&id).map(|&place| (place, &found.lexical[place]));
        let meaning_of = |id: DocumentId| by_meaning.get(&id).map(|&place| (place, &found.semantic[place]));
        let passage = |fused: Fused| {
            let words = words_of(fused.document).map(|(_, hit)| hit.chunk);
            let chunk = words.or(meaning_of(fused.document).map(|(_, hit)| hit.chunk))?;
            Some((fused, chunk))
        };
        let ranked: Vec<(Fused, ChunkId)> =
            reciprocal_rank(&rankings, request.limit).into_iter().filter_map(passage).collect();
        let documents: Vec<DocumentId> = ranked.iter().map(|(fused, _)| fused.document).collect();
        let passages: Vec<(DocumentId, ChunkId)> =
            ranked.iter().map(|(fused, chunk)| (fused.document, *chunk)).collect();
        let mut read = self.store.begin(scope, Access::Read).await?;
        let documents = read.documents_by_id(&documents).await?;
        let passages = read.passages(&passages).await?;
        drop(read);
        let mut hits = Vec::new();
        for (((fused, _), stored), chunk) in ranked.into_iter().zip(documents).zip(passages) {
            // A document deleted since the index answered is no hit.
            let (Some(stored), Some(chunk)) = (stored, chunk) else { continue };
            let (words, meaning) = (words_of(fused.document), meaning_of(fused.document));
            let score = match (request.mode, words, meaning) {
                (SearchMode::Lexical, Some((_, hit)), _) => f64::from(hit.score),
                (SearchMode::Semantic, _, Some((_, hit))) => f64::from(hit.score),
                _ => fused.score,
            };
            let why = Why {
                lexical: words.map(|(place, hit)| LexicalWhy {
                    rank: place + 1,
                    score: f64::from(hit.score),
                    terms: hit
                        .terms
                        .iter()
                        .map(|(term, part)| (spell(&spelled, term), f64::from(*part)))
                        .collect(),
                }),
                semantic: meaning
                    .map(|(place, hit)| SemanticWhy { rank: place + 1, similarity: f64::from(hit.score) }),
            };
            let snippet = snippet(&chunk.text, &wanted, SNIPPET_CHARS);
            let snippet = HitSnippet { text: snippet.text, highlights: snippet.highlights };
            hits.push(Hit::new(stored.document, chunk, score, snippet, why));
        }
        Ok(hits)
    }
}

fn lexical(
    index: &TenantIndex,
    query: &Query,
    filter: &DocumentFilter,
    limit: usize,
) -> Result<Vec<LexicalHit>> {
    // Words like "the" say nothing beside others, but are all there is in "to be or not".
    let telling: Vec<&Term> = query.terms.iter().filter(|term| !term.stop).collect();
    let terms = if telling.is_empty() { query.terms.iter().collect() } else { telling };
    let query = LexicalQuery {
        terms: terms.into_iter().map(|term| QueryTerm { text: term.text.clone(), weight: 1.0 }).collect(),
        phrases: query.phrases.iter().map(|terms| phrase(terms)).collect(),
        excluded: query.excluded.iter().map(|terms| phrase(terms)).collect(),
        parameters: Bm25Parameters::default(),
    };
    index.lexical(&query, filter, limit)
}

/// Asks by meaning. What the query demands or forbids by words holds here too.
fn semantic(
    index: &TenantIndex,
    vector: &[f32],
    query: &Query,
    filter: &DocumentFilter,
    limit: usize,
) -> Result<Vec<SemanticHit>> {
    if query.phrases.is_empty() && query.excluded.is_empty() {
        return index.semantic(vector, filter, limit);
    }
    let with_all = |phrases: &[Vec<Term>]| -> Result<HashSet<DocumentId>> {
        let phrases = phrases.iter().map(|terms| phrase(terms)).collect();
        let query = LexicalQuery { phrases, ..LexicalQuery::default() };
        Ok(index.lexical(&query, filter, usize::MAX)?.into_iter().map(|hit| hit.document).collect())
    };
    let demanded = if query.phrases.is_empty() { None } else { Some(with_all(&query.phrases)?) };
    let mut forbidden = HashSet::new();
    for terms in &query.excluded {
        forbidden.extend(with_all(std::slice::from_ref(terms))?);
    }
    let mut hits = index.semantic(vector, filter, usize::MAX)?;
    hits.retain(|hit| {
        demanded.as_ref().is_none_or(|demanded| demanded.contains(&hit.document))
            && !forbidden.contains(&hit.document)
    });
    hits.truncate(limit);
    Ok(hits)
}

fn phrase(terms: &[Term]) -> Phrase {
    terms.iter().map(index_term).collect()
}

fn places(ranking: &[(DocumentId, u64)]) -> HashMap<DocumentId, usize> {
    ranking.iter().enumerate().map(|(place, (document, _))| (*document, place)).collect()
}

/// A term as the query spells it; terms are folded and stemmed, which nobody wants to read.
fn spell(spelled: &HashMap<&str, &str>, term: &str) -> String {
    spelled.get(term).copied().unwrap_or(term).to_owned()
}
