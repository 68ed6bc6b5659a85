"""What Retort reads back (`retort adopt`): run/events.jsonl, run/evaluations, run/checkpoints."""

import json
import math
import os
import shutil
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import accelerate
import torch
import transformers
import trl

# What of a model's folder is not its weights, and what is.
COMPANIONS = ("config.json", "generation_config.json", "tokenizer", "special_tokens_map.json", "added_tokens.json", "chat_template", "vocab", "merges")
WEIGHTS = ("model.safetensors", "model-", "adapter_model.safetensors", "adapter_config.json")
# Seconds between two signs of life: a process that is killed says no last word.
SIGN_EVERY = 15


class RunFolder:
    def __init__(self, path: Path, settings: dict, processes: int):
        self.path, self.settings, self.processes = path, settings, processes
        self.is_main = int(os.environ.get("RANK", "0")) == 0
        self.is_over = threading.Event()
        self.has_started = False
        # The last step of the run that was made.
        self.step = 0
        self._drop_begun_line()

    def is_last(self, stage: dict) -> bool:
        return stage["number"] == len(self.settings["stages"])

    def tell(self, event: str, **facts) -> None:
        """One event, one line; a line that is not whole is not read."""
        if self.is_main:
            self._write(event, facts)

    def _write(self, event: str, facts: dict) -> None:
        line = json.dumps({"at": int(time.time() * 1000), "event": event, **_finite(facts)}, ensure_ascii=False, allow_nan=False)
        with open(self.path / "events.jsonl", "a", encoding="utf-8") as file:
            file.write(line + "\n")

    def started(self, step: int, parameters: int) -> None:
        """Told once, whichever stage the training begins with."""
        self.step = step
        if self.has_started:
            return
        self.has_started = True
        stages = self.settings["stages"]
        lengths = {} if stages[0]["name"] is None else {"stageSteps": [stage["train"]["steps"] for stage in stages]}
        self.tell(
            "started", fromStep=step, steps=self.settings["steps"], parameters=parameters, **lengths,
            engine={
                "name": "TRL", "version": trl.__version__, "processes": self.processes,
                "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU",
                "with": {"torch": torch.__version__, "transformers": transformers.__version__, "accelerate": accelerate.__version__},
            },
        )
        if self.is_main:
            threading.Thread(target=self._live, daemon=True).start()

    def entered(self, stage: dict) -> None:
        if stage["name"] is not None:
            of = len(self.settings["stages"])
            self.tell("stage", name=stage["name"], number=stage["number"], of=of, first=stage["first"], steps=stage["train"]["steps"])

    def _live(self) -> None:
        while not self.is_over.is_set():
            try:
                (self.path / "alive").write_text(f"{time.time()}\n")
            except OSError:
                pass  # A full disk, or a share that is away: the next sign may come through.
            self.is_over.wait(SIGN_EVERY)

    def ended(self, event: str, **facts) -> None:
        """The last word of a training. Of several processes that fail the first one knows why; the others lose it."""
        self.is_over.set()
        if event == "done":
            self.tell(event, **facts)
        elif (self.is_main or event == "failed") and not self._has_failed():
            self._write(event, facts)

    def _has_failed(self) -> bool:
        path = self.path / "events.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return bool(lines) and '"event": "failed"' in lines[-1]

    def _drop_begun_line(self) -> None:
        """A process that was killed may have left half a line, and the next one would become part of it."""
        path = self.path / "events.jsonl"
        if not self.is_main or not path.exists():
            return
        told = path.read_bytes()
        if not told.endswith(b"\n"):
            os.truncate(path, told.rfind(b"\n") + 1)

    def tokens_until(self, step: int) -> int:
        """Tokens that were learned from up to a step that is gone on from."""
        tokens, path = 0, self.path / "events.jsonl"
        if step > 0 and path.exists():
            for line in open(path, encoding="utf-8"):
                event = json.loads(line) if line.endswith("\n") else {}
                if event.get("event") == "step" and event["step"] == step:
                    tokens = event["totalTokens"]
        return tokens

    def keep_evaluation(self, step: int, texts: list[dict]) -> None:
        if not self.is_main:
            return
        name = f"evaluations/step-{step}.jsonl"
        (self.path / "evaluations").mkdir(exist_ok=True)
        temporary = self.path / f"{name}.tmp"
        temporary.write_text("".join(json.dumps(_finite(text)) + "\n" for text in texts))
        temporary.replace(self.path / name)
        self.tell("evaluation", step=step, path=name)

    def publish(self, step: int, saved: Path) -> None:
        """The weights that the trainer saved, as a model's folder with the student's own config and tokenizer."""
        if not self.is_main:
            return
        name = f"checkpoints/step-{step}"
        place, temporary = self.path / name, self.path / "checkpoints" / f".step-{step}.tmp-{os.getpid()}"
        model = temporary / "model"
        shutil.rmtree(temporary, ignore_errors=True)
        model.mkdir(parents=True)
        base = Path(self.settings["student"])
        for file in base.iterdir() if base.is_dir() else []:
            if file.name.startswith(COMPANIONS) and not file.name.startswith("adapter"):
                shutil.copy(file, model / file.name)
        for file in saved.iterdir():
            if file.name.startswith(WEIGHTS):
                _link(file, model / file.name)
        if (model / "adapter_config.json").exists():
            self._stand_on_base(model)
        (temporary / "state.json").write_text(json.dumps({"engine": "TRL", "step": step}) + "\n")
        shutil.rmtree(place, ignore_errors=True)
        temporary.replace(place)
        self.tell("checkpoint", step=step, path=name)
        self._prune()

    def _stand_on_base(self, model: Path) -> None:
        """An adapter's folder holds nothing of its base but the place where that lies at home."""
        for file in model.iterdir():
            if not file.name.startswith("adapter"):
                file.unlink()
        path = model / "adapter_config.json"
        config = json.loads(path.read_text())
        # A copy: the trainer's own must keep the place where the base lies here.
        path.unlink()
        path.write_text(json.dumps({**config, "base_model_name_or_path": self.settings["baseAtHome"]}, indent=2) + "\n")

    def _published(self) -> list[tuple[int, Path]]:
        return sorted((int(folder.name[5:]), folder) for folder in (self.path / "checkpoints").glob("step-*"))

    def newest(self) -> tuple[int, Path | None]:
        """The last step whose weights were published, and where; 0 and nowhere before the first."""
        return (self._published() or [(0, None)])[-1]

    def _prune(self) -> None:
        for _, folder in self._published()[: -self.settings["checkpoint"]["keep"]]:
            shutil.rmtree(folder)

    @contextmanager
    def telling_failures(self):
        try:
            yield
        except BaseException as error:
            if isinstance(error, (KeyboardInterrupt, SystemExit)):
                self.ended("stopped", step=self.step)
            else:
                self.ended("failed", message=f"{type(error).__name__}: {error}"[:2000])
            raise


def _link(source: Path, place: Path) -> None:
    try:
        os.link(source, place)
    except OSError:
        shutil.copy(source, place)


def _finite(value):
    """JSON has no word for what is not a number."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _finite(part) for name, part in value.items()}
    return [_finite(part) for part in value] if isinstance(value, list) else value
