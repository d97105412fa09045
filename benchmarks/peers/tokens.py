"""Counts tokens with OpenAI's own vocabularies, which a wheel of the benchmarks' own environment contains.

Reads a JSON object of texts by name, writes their counts by vocabulary and name; run by `benchmarks.briefs`.
"""

import importlib
import json
import sys

VOCABULARIES = ("o200k_base", "cl100k_base")


def main() -> None:
    """Count what comes in."""
    library = importlib.import_module("bpe_openai")
    texts: dict[str, str] = json.load(sys.stdin)
    counts = {}
    for vocabulary in VOCABULARIES:
        encoding = library.get_encoding(vocabulary)
        counts[vocabulary] = {name: len(encoding.encode(text)) for name, text in texts.items()}
    json.dump(counts, sys.stdout)


if __name__ == "__main__":
    main()
