"""Trains a recipe's student by TRL's GOLDTrainer, whose teacher may have another tokenizer: gold.py RECIPE --to DIR.

Prints one JSON object: the loss at the beginning and the end, at how many of the student's tokens the two models are compared, and
how much of its probability the teacher gives there to tokens that both have. GOLD hands the teacher the text with the student's
special tokens in it, so both models get the student's, which favours it.
"""

import argparse
import json
import shutil
import tempfile
import time
from pathlib import Path

import torch
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback, set_seed
from trl.experimental.gold import GOLDConfig, GOLDTrainer
from trl.experimental.gold.gold_trainer import ULDLoss

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("recipe", type=Path)
parser.add_argument("--to", type=Path, required=True, help="the student it makes")
parser.add_argument("--merge", default="bayesian", choices=["observed", "bayesian"], help="uld_token_merge_strategy; observed is GOLD's default")
parser.add_argument("--sorted", action="store_true", help="without the hybrid loss: GOLD's default, all probabilities by size")
parser.add_argument("--skip-ends", action="store_true", help="GOLD's default: nothing is learned of where a text ends")
parser.add_argument("--weights", type=float, nargs=2, help="of the tokens that both have and of the others; by their number if left out")
parser.add_argument("--seed", type=int)
choices = parser.parse_args()
recipe = json.loads(choices.recipe.read_text())
seed = recipe.get("seed", 0) if choices.seed is None else choices.seed
place = lambda path: choices.recipe.parent / path


def with_specials(model: Path, to: Path) -> str:
    """A copy whose special tokens are written as the student's, and stand in the text itself."""
    shutil.copytree(model, to)
    names = [json.loads((folder / "tokenizer_config.json").read_text()) for folder in (model, place(recipe["student"]["model"]))]
    renamed = {names[0][kind]: names[1][kind] for kind in ("bos_token", "eos_token")}
    path = to / "tokenizer.json"
    tokenizer = json.loads(path.read_text())
    for token in tokenizer["added_tokens"]:
        token["content"] = renamed.get(token["content"], token["content"])
    tokenizer["model"]["vocab"] = {renamed.get(token, token): id for token, id in tokenizer["model"]["vocab"].items()}
    tokenizer["post_processor"] = None
    path.write_text(json.dumps(tokenizer))
    (to / "tokenizer_config.json").write_text(json.dumps({name: renamed.get(value, value) if isinstance(value, str) else value for name, value in names[0].items()}))
    return str(to)


class Losses(TrainerCallback):
    def __init__(self):
        self.told = []

    def on_log(self, args, state, control, logs=None, **_):
        if logs and "loss" in logs:
            self.told.append(logs["loss"])


# Of the student's tokens that are learned from, how many are compared: each group of tokens that both cut at the same bytes is one place.
seen = {"tokens": 0, "places": 0, "matched": 0, "probability": 0.0}
align, matched = ULDLoss._align_by_byte_offsets, ULDLoss._compute_jsd_loss_for_matched_tokens


def counted(student, teacher):
    groups = align(student, teacher)
    seen["tokens"] += len(student)
    seen["places"] += sum(1 for own, other in zip(*groups) if own and other)
    return groups


def weighed(self, student, teacher):
    seen["matched"] += len(teacher)
    seen["probability"] += teacher.detach().sum().item()
    return matched(self, student, teacher)


ULDLoss._align_by_byte_offsets = staticmethod(counted)
ULDLoss._compute_jsd_loss_for_matched_tokens = weighed

torch.set_num_threads(1)
set_seed(seed)
data, train, method = recipe["data"], recipe["train"], recipe["method"]
with tempfile.TemporaryDirectory() as folder:
    student, teacher = (with_specials(place(recipe[who]["model"]), Path(folder) / who) for who in ("student", "teacher"))
    tokenizer = AutoTokenizer.from_pretrained(student)
    fill = lambda template, row: template.format_map(row) if "{{" not in template else template.replace("{{", "{").replace("}}", "}").format_map(row)
    rows = [json.loads(line) for line in open(place(data["train"]), encoding="utf-8")]
    losses = Losses()
    trainer = GOLDTrainer(
        model=AutoModelForCausalLM.from_pretrained(student, dtype=torch.float32),
        teacher_model=AutoModelForCausalLM.from_pretrained(teacher, dtype=torch.float32),
        args=GOLDConfig(
            output_dir=folder + "/state", max_steps=train["steps"], per_device_train_batch_size=train["batchSize"], gradient_accumulation_steps=1,
            learning_rate=train["learningRate"], lr_scheduler_type=train.get("schedule", "linear"), warmup_steps=train.get("warmupSteps", 0),
            weight_decay=0.0, max_grad_norm=train.get("clipNorm", 1.0), gradient_checkpointing=False,
            use_uld_loss=True, uld_use_hybrid_loss=not choices.sorted, uld_token_merge_strategy=choices.merge, teacher_tokenizer_name_or_path=teacher,
            uld_skip_student_eos=choices.skip_ends, uld_skip_teacher_eos=choices.skip_ends,
            uld_hybrid_matched_weight=choices.weights and choices.weights[0], uld_hybrid_unmatched_weight=choices.weights and choices.weights[1],
            lmbda=method["lambda"], beta={"forward_kl": 0.0, "reverse_kl": 1.0}.get(method["divergence"], method.get("beta", 0.5)),
            temperature=1.0, top_p=1.0, max_completion_length=data["maxCompletionTokens"], max_length=96,
            use_cpu=True, bf16=False, report_to="none", save_strategy="no", logging_steps=1, disable_tqdm=True, seed=seed,
        ),
        train_dataset=Dataset.from_list([{"prompt": tokenizer.bos_token + fill(data["prompt"], row), "completion": fill(data["completion"], row)} for row in rows]),
        processing_class=tokenizer,
        callbacks=[losses],
    )
    begun = time.process_time()
    trainer.train()
    seconds = time.process_time() - begun
    shutil.copytree(place(recipe["student"]["model"]), choices.to)
    trainer.model.save_pretrained(choices.to)
print(json.dumps({
    "steps": len(losses.told), "processorSeconds": round(seconds, 1), "compared": round(seen["places"] / max(1, seen["tokens"]), 3),
    "covered": round(seen["probability"] / max(1, seen["matched"]), 3),
    "loss": [round(sum(part) / len(part), 4) for part in (losses.told[:20], losses.told[-20:])],
}))
