"""What Retort gave: settings, the examples as tokens, the order in which they are visited, who writes at which step."""

import argparse
import json
import math
from pathlib import Path

import numpy as np
import torch
from datasets import Dataset, load_dataset

IGNORED = -100


def read_settings(here: Path, choices: argparse.Namespace) -> dict:
    """settings.json, with the places of the models as they are here."""
    settings = json.loads((here / "settings.json").read_text())
    for who in ("student", "teacher"):
        elsewhere = getattr(choices, who, None)
        place = elsewhere or settings[who]
        if place is not None and elsewhere is None and not Path(place).is_dir():
            raise SystemExit(f"The {who}, {place}, is not on this machine. Copy it here and name its folder: --{who} FOLDER.")
        settings[f"{who}AtHome"] = settings[who]
        settings[who] = place
    return settings


def stages_of(settings: dict) -> list[dict]:
    """What follows each other; each with what is the whole run's as well. A recipe without stages is one."""
    return [{**settings, **stage, "number": at + 1} for at, stage in enumerate(settings["stages"])]


def data_of(here: Path, stage: dict) -> Path:
    return here / "data" / stage["folder"]


def examples_of(path: Path) -> Dataset:
    if not path.exists():
        raise SystemExit(f"{path} is not there. The teacher writes it: see README.md, teacher_writes.py.")
    return load_dataset("json", data_files=str(path), split="train", cache_dir=str(path.parent / ".cache"))


def visits_of(data: Path, rows: Dataset) -> Dataset:
    """The examples in the order of the recipe's seed, all epochs one after the other."""
    order = np.fromfile(data / "order.bin", dtype="<u4")
    return rows.select(order)


def writers_of(data: Path) -> np.ndarray:
    """Of every step whether the student writes its batch."""
    return np.fromfile(data / "on-policy.bin", dtype=np.uint8).astype(bool)


def learning_rate_share(done: int, train: dict) -> float:
    """What the update after `done` others has of the learning rate."""
    warmup, steps, final = train["warmupSteps"], train["steps"], train["finalLearningRate"]
    if done < warmup:
        return done / warmup
    progress = min(1.0, (done - warmup) / max(1, steps - warmup))
    left = {"constant": 1.0, "linear": 1 - progress, "cosine": (1 + math.cos(math.pi * progress)) / 2}
    return final + (1 - final) * left[train["schedule"]]


class Batches:
    """Pads examples to one length: the texts to the right, the prompts that the student goes on from to the left."""

    def __init__(self, pad: int):
        self.pad = pad

    def __call__(self, rows: list[dict]) -> dict:
        texts = [row["context"] + row["completion"] for row in rows]
        # A text that is learned in parts says which of its tokens.
        learned = [[False] * len(row["context"]) + [bool(l) for l in (row["learned"] or [1] * len(row["completion"]))] for row in rows]
        labels = [[token if is_learned else IGNORED for token, is_learned in zip(text, mask)] for text, mask in zip(texts, learned)]
        starts = [row["start"] or row["context"] for row in rows]
        return {
            "input_ids": self._padded(texts, self.pad),
            "attention_mask": self._padded([[1] * len(text) for text in texts], 0),
            "labels": self._padded(labels, IGNORED),
            "prompts": self._padded(starts, self.pad, to_the_left=True),
            "prompt_attention_mask": self._padded([[1] * len(start) for start in starts], 0, to_the_left=True),
            "row": torch.tensor([row["row"] for row in rows]),
            "said": [row["prompt"] for row in rows],
        }

    @staticmethod
    def _padded(rows: list[list[int]], value: int, to_the_left: bool = False) -> torch.Tensor:
        length = max(map(len, rows))
        pads = [[value] * (length - len(row)) for row in rows]
        return torch.tensor([pad + row if to_the_left else row + pad for row, pad in zip(rows, pads)], dtype=torch.long)
