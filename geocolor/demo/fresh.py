"""What a fresh process sees of a saved checkpoint: ``python -m geocolor.demo.fresh``.

It has the checkpoint's folder and the text, nothing of the process that wrote them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import geocolor
from geocolor.bench.models.session import predictions_hash
from geocolor.bench.models.trial import Protocol
from geocolor.compression import text_windows

if __name__ == "__main__":
    from transformers import AutoTokenizer

    folder, text = sys.argv[1:]
    protocol = Protocol()
    windows = text_windows(
        Path(text).read_text(encoding="utf-8"),
        AutoTokenizer.from_pretrained(folder, local_files_only=True),
        windows=protocol.scored_windows,
        length=protocol.scored_length,
    )
    sys.stdout.write(predictions_hash(geocolor.load(folder), windows[:1]))
