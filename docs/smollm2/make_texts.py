"""Prepares captions of Multi30k for the teacher, and joins what it wrote to them.

    python make_texts.py split multi30k.train.jsonl.gz TO       TO/captions-01.jsonl ...: parts of 64
    python make_texts.py join TO                                TO/train.jsonl and TO/dev.jsonl of TO/texts-01.jsonl ...

Parts, so that a teacher that was stopped goes on with the next one. The last is held out.
"""
import gzip
import json
import random
import sys
from pathlib import Path

PARTS, SIZE, HELD_OUT = 13, 64, 1


def write(path, rows):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def read(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def split(source, to):
    with gzip.open(source, "rt", encoding="utf-8") as file:
        captions = [json.loads(line)["en"] for line in file]
    chosen = random.Random(0).sample(sorted(set(captions)), PARTS * SIZE)
    to.mkdir(parents=True, exist_ok=True)
    for part in range(PARTS):
        write(to / f"captions-{part + 1:02}.jsonl", [{"caption": caption} for caption in chosen[part * SIZE:(part + 1) * SIZE]])


def join(to):
    rows = []
    for part in range(1, PARTS + 1):
        captions, texts = read(to / f"captions-{part:02}.jsonl"), read(to / f"texts-{part:02}.jsonl")
        for caption, text in zip(captions, texts, strict=True):
            assert caption["caption"] in text["prompt"], caption
            rows.append(caption | {"text": text["prediction"]})
    held_out = HELD_OUT * SIZE
    write(to / "train.jsonl", rows[:-held_out])
    write(to / "dev.jsonl", rows[-held_out:])


if sys.argv[1] == "split":
    split(Path(sys.argv[2]), Path(sys.argv[3]))
else:
    join(Path(sys.argv[2]))
