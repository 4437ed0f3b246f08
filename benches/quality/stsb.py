"""Quality on STS-B (English, dev): Spearman's rho of cosine against human scores.

    python benches/quality/stsb.py --model DIR --program target/release/bench-embed --sentences en_dev.jsonl
"""

import argparse
import json
import os
import pathlib
import sys

os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
sys.path.append(str(pathlib.Path(__file__).parent.parent / "embed"))

import numpy as np  # noqa: E402
from scipy.stats import spearmanr  # noqa: E402
from sentence_transformers import SentenceTransformer  # noqa: E402

from client import Ours  # noqa: E402


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default=os.environ.get("BESUNNY_MODEL"))
    parser.add_argument("--program", required=True)
    parser.add_argument("--sentences", required=True)
    options = parser.parse_args()
    rows = [json.loads(line) for line in open(options.sentences, encoding="utf-8")]
    first, second = ([row[key] for row in rows] for key in ("sentence1", "sentence2"))
    scores = [float(row.get("similarity_score", row.get("score"))) for row in rows]

    def rho(embed):
        a, b = embed(first), embed(second)
        return spearmanr((a * b).sum(1), scores).statistic

    theirs = SentenceTransformer(options.model, device="cpu")
    base = rho(lambda texts: theirs.encode(texts, normalize_embeddings=True))
    print(f"{len(rows)} pairs\nsentence-transformers  {base:.5f}")
    for precision in ("fp32", "int8"):
        process = Ours(options.program, options.model, precision)
        figure = rho(process.vectors)
        print(f"{precision:23}{figure:.5f}  difference {figure - base:+.5f}")
        process.close()


if __name__ == "__main__":
    main()
