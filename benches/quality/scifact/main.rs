//! Retrieval on SciFact (BEIR): nDCG@10 of the three search modes, through the face, and of
//! plain tantivy with English stemming over the same corpus.
//!
//! `bench-scifact CORPUS_FOLDER [RUN_FILE]`, model from `BESUNNY_MODEL`, precision from
//! `PRECISION` (`int8`). With a run file the rankings to depth 100 are kept there, one line
//! a hit (`mode query document score`), to compare fusions without embedding again.
//! `WHOLE=1` adds the semantic ranking with one vector for each whole document, cut where
//! the model stops reading, as `../scifact_reference.py` has it.
//! `WORKSPACE` keeps the workspace, so that a second run does not embed again either.

mod ndcg;
mod peer;
mod whole;

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use besunny::{NewDocument, OpenOptions, SearchMode, SearchRequest, UserHandle, Workspace};
use serde::Deserialize;

use self::ndcg::mean_ndcg;

#[derive(Deserialize)]
struct Row {
    #[serde(rename = "_id")]
    id: String,
    #[serde(default)]
    title: String,
    text: String,
}

/// How deep a ranking is kept.
const DEPTH: usize = 100;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("usage: bench-scifact CORPUS_FOLDER [RUN_FILE]")?);
    let run_file = arguments.next();
    let corpus = rows(&folder.join("corpus.jsonl"))?;
    let queries = rows(&folder.join("queries_train.jsonl"))?;
    let judgements = ndcg::read(&folder.join("qrels_train.tsv"))?;

    let documents: Vec<(&str, &str, &str)> =
        corpus.iter().map(|row| (&*row.id, &*row.title, &*row.text)).collect();
    let texts: Vec<(&str, &str)> = queries.iter().map(|row| (&*row.id, &*row.text)).collect();
    let peer = peer::rankings(&documents, &texts, DEPTH)?;
    println!("{:24} {:.4}", "tantivy, en_stem", mean_ndcg(&peer, &judgements));

    let kept = std::env::var_os("WORKSPACE").map(PathBuf::from);
    let temporary = tempfile::tempdir()?;
    let mut options = OpenOptions::default();
    if let Ok(precision) = std::env::var("PRECISION") {
        options.precision = precision.parse()?;
    }
    let workspace = Workspace::open(kept.as_deref().unwrap_or(temporary.path()), options).await?;
    let me = match workspace.user("bench").await {
        Ok(me) => me,
        Err(_) => {
            workspace.users().create("bench", None).await?;
            workspace.user("bench").await?
        }
    };
    load(&me, &corpus).await?;
    println!("{:?}", workspace.status().await?);
    let mut lines = Vec::new();
    let has_model = workspace.status().await?.model.is_some();
    let modes = [SearchMode::Lexical, SearchMode::Semantic, SearchMode::Hybrid];
    for mode in modes.into_iter().take(if has_model { 3 } else { 1 }) {
        let mut rankings: HashMap<String, Vec<String>> = HashMap::new();
        for query in &queries {
            let mut request = SearchRequest::new(&query.text);
            request.limit = DEPTH;
            request.mode = mode;
            let hits = me.search(request).await?;
            for hit in &hits {
                writeln!(lines, "{mode}\t{}\t{}\t{}", query.id, hit.document.source_id, hit.score)?;
            }
            rankings.insert(query.id.clone(), hits.into_iter().map(|hit| hit.document.source_id).collect());
        }
        println!("{:24} {:.4}", mode.as_str(), mean_ndcg(&rankings, &judgements));
    }
    if has_model && std::env::var_os("WHOLE").is_some() {
        let ranking = whole::rankings(&workspace, &documents, &texts).await?;
        println!("{:24} {:.4}", "one vector a document", mean_ndcg(&ranking, &judgements));
    }
    if let Some(file) = run_file {
        fs::write(file, lines)?;
    }
    workspace.close().await?;
    Ok(())
}

async fn load(me: &UserHandle, corpus: &[Row]) -> Result<(), Box<dyn Error>> {
    for (done, row) in corpus.iter().enumerate() {
        let document = NewDocument {
            content: row.text.clone().into_bytes(),
            title: Some(row.title.clone()),
            format: Some("text".into()),
            source: Some("scifact".into()),
            source_id: Some(row.id.clone()),
            ..NewDocument::default()
        };
        me.documents().ingest(document).await?;
        if done % 500 == 0 {
            println!("{done} documents");
        }
    }
    Ok(())
}

fn rows(path: &Path) -> Result<Vec<Row>, Box<dyn Error>> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}
