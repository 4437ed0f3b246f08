"""The semantic reference for SciFact: sentence-transformers, exact search, nDCG@10.

python scifact_reference.py CORPUS_FOLDER MODEL_FOLDER
"""

import json
import math
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
from sentence_transformers import SentenceTransformer


def rows(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def main(folder: Path, model_folder: str) -> None:
    corpus, queries = rows(folder / "corpus.jsonl"), rows(folder / "queries_train.jsonl")
    relevant: dict[str, set[str]] = defaultdict(set)
    for line in (folder / "qrels_train.tsv").read_text().splitlines()[1:]:
        query, document, score = line.split("\t")
        if score != "0":
            relevant[query].add(document)
    model = SentenceTransformer(model_folder, device="cpu")
    documents = model.encode([f"{row['title']} {row['text']}" for row in corpus], normalize_embeddings=True)
    asked = model.encode([row["text"] for row in queries], normalize_embeddings=True)
    ids = [row["_id"] for row in corpus]
    total = 0.0
    for query, scores in zip(queries, asked @ documents.T):
        wanted = relevant[query["_id"]]
        best = np.argsort(-scores, kind="stable")[:10]
        gain = sum(1 / math.log2(rank + 2) for rank, place in enumerate(best) if ids[place] in wanted)
        total += gain / sum(1 / math.log2(rank + 2) for rank in range(min(10, len(wanted))))
    print(f"sentence-transformers    {total / len(queries):.4f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
