"""Ours beside sentence-transformers, in one run, one thread each, CPU time per text.

    cargo build --release -p besunny-benches
    python benches/embed/compare.py --model DIR --program target/release/bench-embed --sentences en_dev.jsonl

Rounds alternate, so that what disturbs the machine disturbs all. Ratios are to
sentence-transformers; the figure of an engine is the median of its rounds.
"""

import argparse
import json
import os
import pathlib
import statistics
import time

os.environ.update(OMP_NUM_THREADS="1", HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")

import numpy as np  # noqa: E402
import torch  # noqa: E402
from sentence_transformers import SentenceTransformer  # noqa: E402

from client import Ours  # noqa: E402


def sentences(path):
    seen = {}
    for line in open(path, encoding="utf-8"):
        row = json.loads(line)
        seen[row["sentence1"]] = seen[row["sentence2"]] = None
    return list(seen)


def cut(pool, tokenizer, tokens, count):
    """`count` distinct texts of about `tokens` tokens, made of sentences of the pool."""
    texts, at = [], 0
    while len(texts) < count:
        text = ""
        while True:
            longer = f"{text} {pool[at % len(pool)]}".strip()
            at += 1
            if text and len(tokenizer(longer)["input_ids"]) > tokens * 1.15:
                break
            text = longer
            if len(tokenizer(text)["input_ids"]) >= tokens * 0.85:
                break
        texts.append(f"{text} {len(texts)}")
    return texts


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default=os.environ.get("BESUNNY_MODEL"))
    parser.add_argument("--program", required=True)
    parser.add_argument("--sentences", required=True)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--short", type=int, default=200)
    parser.add_argument("--long", type=int, default=16)
    options = parser.parse_args()

    torch.set_num_threads(1)
    theirs = SentenceTransformer(options.model, device="cpu")
    ours = {p: Ours(options.program, options.model, p) for p in ("fp32", "int8")}
    for name, process in ours.items():
        print(f"{name}: loaded in {process.ready['load_seconds']:.2f} s")
    pool = sentences(options.sentences)

    def baseline(texts):
        start = time.process_time()
        theirs.encode(texts, batch_size=32, normalize_embeddings=True)
        return time.process_time() - start

    def one_of_ours(process):
        def run(texts):
            start = process.cpu()
            process.ask(texts)
            return process.cpu() - start
        return run

    engines = {"sentence-transformers": baseline} | {n: one_of_ours(p) for n, p in ours.items()}
    for kind, tokens, count in (("short", 20, options.short), ("long", 250, options.long)):
        texts = cut(pool, theirs.tokenizer, tokens, count)
        length = statistics.mean(len(theirs.tokenizer(t)["input_ids"]) for t in texts)
        figures = {name: [] for name in engines}
        for round in range(options.rounds + 1):
            for name, run in engines.items():
                seconds = run(texts)
                if round:  # the first warms up
                    figures[name].append(seconds * 1000 / len(texts))
        base = statistics.median(figures["sentence-transformers"])
        print(f"\n{kind} texts, {length:.1f} tokens on average, CPU ms a text")
        for name, values in figures.items():
            middle = statistics.median(values)
            print(f"  {name:24}{middle:8.3f}  ratio {middle / base:.3f}  (best {min(values):.3f})")

    sample = pool[:500]
    want = theirs.encode(sample, batch_size=32, normalize_embeddings=True)
    print("\ncosine to sentence-transformers on 500 sentences")
    for name, process in ours.items():
        got = process.vectors(sample).astype(np.float64)
        cosine = (got * want).sum(1) / np.linalg.norm(got, axis=1) / np.linalg.norm(want.astype(np.float64), axis=1)
        print(f"  {name}: smallest {cosine.min():.9f}, mean {cosine.mean():.9f}")

    print("\nbit-identity over batch sizes 1, 8, 32, 1000 and 1 or 3 threads")
    mixed = (sample + cut(pool, theirs.tokenizer, 120, 40))[::-1] + ["", " ", "a"]
    for name, process in ours.items():
        first = process.vectors(mixed, 1)
        same = all(np.array_equal(first, process.vectors(mixed, batch)) for batch in (8, 32, 1000))
        three = Ours(options.program, options.model, name, threads=3)
        same &= np.array_equal(first, three.vectors(mixed, 1000))
        three.close()
        print(f"  {name}: {'identical' if same else 'DIFFERENT'}")
    for process in ours.values():
        process.close()


if __name__ == "__main__":
    main()
