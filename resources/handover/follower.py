"""Tells of the training as it goes on: steps, the student's texts, judgements of the held-out texts, checkpoints."""

import resource
import time
from pathlib import Path

import torch
from accelerate.utils import gather_object
from transformers import TrainerCallback
from trl.models.utils import unwrap_model_for_generation

from given import IGNORED, Batches, examples_of, learning_rate_share, writers_of
from run_folder import RunFolder

# Texts of a step that are kept.
KEPT_TEXTS = 4


class Follower(TrainerCallback):
    """
    Tells of every step, judges the held-out texts, and publishes what the trainer saves. The trainer counts the steps of its
    stage; what is told counts those of the whole run.
    """

    def __init__(self, trainer, folder: RunFolder, data: Path):
        self.trainer, self.folder, self.settings = trainer, folder, trainer.settings
        self.writers = writers_of(data)
        held_out = data / "validation.jsonl"
        self.held_out = list(examples_of(held_out)) if held_out.exists() and held_out.stat().st_size > 0 else []
        self.total_tokens = 0
        self._clear()

    def _clear(self) -> None:
        self.sums: dict[str, float] = {}
        self.texts: list[dict] = []
        self.teacher_seconds = self.rollout_seconds = 0.0

    def _add(self, name: str, value) -> None:
        self.sums[name] = self.sums.get(name, 0.0) + float(value)

    def take(self, inputs, learned, losses, facts) -> None:
        """What one micro-batch has to tell. @param losses of the learned tokens [tokens]"""
        if not self.trainer.model.training:
            return
        own = facts["onPolicy"]
        self._add("texts", learned.shape[0])
        self._add("tokens", losses.numel())
        for name in ("studentEntropy", "teacherEntropy", "agreement"):
            if name in facts:
                self._add(name, facts[name].sum())
        if "divergence" in facts:
            self._add("divergenceOwn" if own else "divergenceGiven", facts["divergence"].sum())
            self._add("tokensOwn" if own else "tokensGiven", losses.numel())
        if own:
            ends = torch.isin(inputs["input_ids"], torch.tensor(self.settings["eos"], device=learned.device)) & (inputs["labels"] != IGNORED)
            self._add("textsOwn", learned.shape[0])
            self._add("ended", ends.any(-1).sum())
            if self.folder.is_main:
                self._keep_texts(inputs, learned, facts["divergence"], ends.any(-1))

    def _keep_texts(self, inputs, learned, divergence, ended) -> None:
        at = 0
        for row, count in enumerate(learned.sum(-1).tolist()):
            values, at = divergence[at : at + count].tolist(), at + count
            if len(self.texts) < KEPT_TEXTS:
                self.texts.append({
                    "example": int(inputs["row"][row]), "prompt": inputs["said"][row], "tokens": inputs["input_ids"][row, 1:][learned[row]].tolist(),
                    "divergence": values, "ended": bool(ended[row]),
                })

    def _in_run(self, step: int) -> int:
        return self.settings["first"] + step

    def on_train_begin(self, args, state, control, **_):
        step = self._in_run(state.global_step)
        parameters = sum(p.numel() for p in self.trainer.model.parameters() if p.requires_grad)
        self.total_tokens = self.folder.tokens_until(step)
        self.folder.started(step, parameters)
        if state.global_step == 0:
            self.folder.entered(self.settings)
            self._evaluate(step)
        elif step > self.folder.newest()[0]:
            # It was cut off between its own checkpoint and what Retort reads of it.
            self.on_save(args, state, control)

    def on_step_begin(self, args, state, control, **_):
        self._clear()
        self.began = time.perf_counter()

    def on_step_end(self, args, state, control, **_):
        self.seconds = time.perf_counter() - self.began
        step, every = self._in_run(state.global_step), self.settings["evaluate"]["every"]
        # The step is told first, once the trainer has logged its norm. With what a stage ends the next begins, and is evaluated there.
        is_last = state.global_step == state.max_steps
        self.due = self.folder.is_last(self.settings) if is_last else bool(every) and step % every == 0
        self.folder.step = step
        control.should_save = control.should_save or step % self.settings["checkpoint"]["every"] == 0
        return control

    def on_log(self, args, state, control, logs=None, **_):
        if not logs or "grad_norm" not in logs:
            return
        sums = {}
        for part in gather_object([self.sums]):
            for name, value in part.items():
                sums[name] = sums.get(name, 0.0) + value
        mean = lambda name, count: sums[name] / sums[count] if sums.get(count) and name in sums else None
        own_step, tokens = state.global_step, int(sums["tokens"])
        step = self._in_run(own_step)
        self.total_tokens += tokens
        own = sums.get("textsOwn", 0.0)
        if self.texts:
            self.folder.tell("rollouts", rollouts=[{"step": step, **text} for text in self.texts])
        self.folder.tell(
            "step", step=step, loss=logs["loss"], divergenceOnPolicy=mean("divergenceOwn", "tokensOwn"),
            divergenceOffPolicy=mean("divergenceGiven", "tokensGiven"), studentEntropy=mean("studentEntropy", "tokens"),
            teacherEntropy=mean("teacherEntropy", "tokens"), agreement=mean("agreement", "tokens"),
            onPolicyShare=own / sums["texts"], rolloutLength=mean("tokensOwn", "textsOwn") if own else None,
            rolloutEosRate=mean("ended", "textsOwn") if own else None, reward=None, gradientNorm=logs["grad_norm"],
            learningRate=self.settings["train"]["learningRate"] * learning_rate_share(own_step - 1, self.settings["train"]),
            **{"lambda": self.settings["lambdas"][min(own_step, len(self.settings["lambdas"])) - 1]},
            epoch=self.settings["firstEpoch"] + own_step * self.settings["train"]["batchSize"] / self.settings["examples"], completionTokens=tokens, totalTokens=self.total_tokens,
            tokensPerSecond=tokens / self.seconds, rolloutMs=self.rollout_seconds * 1000, teacherMs=self.teacher_seconds * 1000,
            updateMs=(self.seconds - self.rollout_seconds - self.teacher_seconds) * 1000, stepMs=self.seconds * 1000, memory=_memory(),
        )
        if self.due:
            self._evaluate(step)

    def on_save(self, args, state, control, **_):
        self.folder.publish(self._in_run(state.global_step), Path(args.output_dir) / f"checkpoint-{state.global_step}")

    def on_train_end(self, args, state, control, **_):
        step = self._in_run(state.global_step)
        if state.global_step < state.max_steps:
            self.folder.ended("stopped", step=step)
        elif self.folder.is_last(self.settings):
            self.folder.ended("done", step=step, path=f"checkpoints/step-{step}")

    def _evaluate(self, step: int) -> None:
        """Sums of every held-out text and what the student writes to it; Retort computes the scores of them."""
        if not self.held_out:
            return
        trainer, accelerator = self.trainer, self.trainer.accelerator
        size = trainer.args.per_device_train_batch_size
        collate = Batches(trainer.processing_class.pad_token_id)
        padded = -(-len(self.held_out) // (size * accelerator.num_processes)) * size * accelerator.num_processes
        mine = range(accelerator.process_index, padded, accelerator.num_processes)
        trainer.model.eval()
        texts = []
        for start in range(0, len(mine), size):
            # Every process goes through equally many: sharded weights are gathered by all of them together.
            places = list(mine[start : start + size])
            rows = [self.held_out[place % len(self.held_out)] for place in places]
            inputs = {name: value.to(accelerator.device) if torch.is_tensor(value) else value for name, value in collate(rows).items()}
            judged, written = self._judge(inputs), self._write(inputs) if places[0] < self.settings["evaluate"]["written"] else [None] * len(rows)
            texts += [
                {"place": place, "prompt": row["prompt"], "reference": row["reference"], **text, "written": own}
                for place, row, text, own in zip(places, rows, judged, written) if place < len(self.held_out)
            ]
        trainer.model.train()
        self.folder.keep_evaluation(step, sorted(gather_object(texts), key=lambda text: text["place"]))

    def _judge(self, inputs) -> list[dict]:
        learned = inputs["labels"][:, 1:] != IGNORED
        with torch.no_grad():
            given = self.trainer.logits_of(self.trainer.model, inputs)[learned].float()
            loss = torch.nn.functional.cross_entropy(given, inputs["labels"][:, 1:][learned], reduction="none")
            divergence = None
            if self.settings["method"]["trainer"] == "gkd":
                divergence = self.trainer.losses_of(self.trainer.model, inputs, learned)[1]["divergence"]
        counts = learned.sum(-1).tolist()
        split = lambda values: [None] * len(counts) if values is None else [part.sum().item() for part in values.split(counts)]
        return [{"tokens": n, "loss": l, "divergence": d} for n, l, d in zip(counts, split(loss), split(divergence))]

    def _write(self, inputs) -> list[list[int]]:
        trainer, eos = self.trainer, self.settings["eos"]
        with torch.no_grad(), unwrap_model_for_generation(trainer.model_wrapped, trainer.accelerator) as model:
            ids = model.generate(
                input_ids=inputs["prompts"], attention_mask=inputs["prompt_attention_mask"], max_new_tokens=self.settings["evaluate"]["maxNewTokens"],
                do_sample=False, eos_token_id=eos, pad_token_id=trainer.processing_class.pad_token_id,
            )[:, inputs["prompts"].shape[1] :].tolist()
        return [_until_end(row, eos) for row in ids]


def _until_end(tokens: list[int], eos: list[int]) -> list[int]:
    """Up to the end of text, without it."""
    return tokens[: next((at for at, token in enumerate(tokens) if token in eos), len(tokens))]


def _memory() -> int:
    return torch.cuda.max_memory_allocated() if torch.cuda.is_available() else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
