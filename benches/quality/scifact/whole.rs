//! Semantic search the plain way: one vector a document, compared with all of them.

use std::collections::HashMap;
use std::error::Error;

use besunny::Workspace;

/// The ten documents nearest to each query.
pub(crate) async fn rankings(
    workspace: &Workspace,
    documents: &[(&str, &str, &str)],
    queries: &[(&str, &str)],
) -> Result<HashMap<String, Vec<String>>, Box<dyn Error>> {
    let texts = documents.iter().map(|(_, title, body)| format!("{title} {body}")).collect();
    let vectors = workspace.embed(texts).await?;
    let asked = workspace.embed(queries.iter().map(|(_, text)| (*text).to_owned()).collect()).await?;
    let mut rankings = HashMap::new();
    for ((id, _), query) in queries.iter().zip(asked) {
        let cosine = |vector: &Vec<f32>| vector.iter().zip(&query).map(|(a, b)| a * b).sum::<f32>();
        let mut scored: Vec<(f32, &str)> =
            vectors.iter().map(cosine).zip(documents.iter().map(|document| document.0)).collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0));
        rankings.insert((*id).to_owned(), scored.into_iter().take(10).map(|(_, id)| id.to_owned()).collect());
    }
    Ok(rankings)
}
