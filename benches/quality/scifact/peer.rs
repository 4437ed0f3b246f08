//! Plain tantivy with its English stemmer: what the lexical side is measured against.

use std::collections::HashMap;
use std::error::Error;

use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, Occur, Query, TermQuery};
use tantivy::schema::{IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions, Value};
use tantivy::{Index, TantivyDocument, Term};

/// Title and text in one field, as BEIR does it; the queries as disjunctions of terms.
pub(crate) fn rankings(
    documents: &[(&str, &str, &str)],
    queries: &[(&str, &str)],
    depth: usize,
) -> Result<HashMap<String, Vec<String>>, Box<dyn Error>> {
    let mut schema = Schema::builder();
    let indexing =
        TextFieldIndexing::default().set_tokenizer("en_stem").set_index_option(IndexRecordOption::WithFreqs);
    let text = schema.add_text_field("text", TextOptions::default().set_indexing_options(indexing));
    let id = schema.add_text_field("id", STRING | STORED);
    let index = Index::create_in_ram(schema.build());
    let mut writer = index.writer_with_num_threads(1, 50_000_000)?;
    for (document_id, title, body) in documents {
        let mut document = TantivyDocument::new();
        document.add_text(id, document_id);
        document.add_text(text, format!("{title} {body}"));
        writer.add_document(document)?;
    }
    writer.commit()?;
    let searcher = index.reader()?.searcher();
    let mut analyser = index.tokenizers().get("en_stem").ok_or("tantivy has no English stemmer here")?;
    let mut rankings = HashMap::new();
    for (query_id, query) in queries {
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        analyser.token_stream(query).process(&mut |token| {
            let term = Term::from_field_text(text, &token.text);
            clauses.push((Occur::Should, Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs))));
        });
        let found =
            searcher.search(&BooleanQuery::new(clauses), &TopDocs::with_limit(depth).order_by_score())?;
        let mut ranking = Vec::new();
        for (_, address) in found {
            let document: TantivyDocument = searcher.doc(address)?;
            ranking
                .push(document.get_first(id).and_then(|value| value.as_str()).unwrap_or_default().to_owned());
        }
        rankings.insert((*query_id).to_owned(), ranking);
    }
    Ok(rankings)
}
