"""Trains what settings.json describes, stage after stage, with TRL over torch.distributed. See README.md for the commands."""

import argparse
import gc
import json
import os
import shutil
import signal
import sys
from pathlib import Path

import torch
from peft import AutoPeftModelForCausalLM, LoraConfig, PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, set_seed
from transformers.trainer_utils import get_last_checkpoint
from trl import SFTConfig
from trl.experimental.gkd import GKDConfig

from given import Batches, data_of, examples_of, read_settings, stages_of, visits_of
from run_folder import RunFolder
from trainers import Distiller, FineTuner

HERE = Path(__file__).resolve().parent


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--student", help="folder or hub name of the student's weights, where they are not at the recipe's place")
    parser.add_argument("--teacher", help="the same for the teacher")
    parser.add_argument("--micro-batch", type=int, help="examples a process computes at once; chosen if left out")
    parser.add_argument("--cpu", action="store_true", help="train on the CPU")
    parser.add_argument("--fp32", action="store_true", help="compute in fp32 on a card too; otherwise products are bf16 there")
    return parser.parse_args()


def micro_batch_of(batch: int, processes: int, wanted: int | None) -> int:
    """How many examples a process computes at once: batch = processes x micro-batch x accumulation."""
    if batch % processes:
        fitting = [n for n in range(1, batch + 1) if batch % n == 0]
        raise SystemExit(f"A batch of {batch} examples cannot be shared by {processes} processes. Numbers that fit: {fitting}.")
    share = batch // processes
    fitting = [n for n in range(1, share + 1) if share % n == 0]
    if wanted is None:
        return max(n for n in fitting if n <= 8)
    if wanted not in fitting:
        raise SystemExit(f"--micro-batch {wanted} does not divide the {share} examples of a process. Numbers that fit: {fitting}.")
    return wanted


def load(path: Path, dtype: torch.dtype, base: Path | None = None) -> torch.nn.Module:
    """The model in a folder; an adapter's stands on `base`, or on the base that it names itself."""
    if not (path / "adapter_config.json").exists():
        return AutoModelForCausalLM.from_pretrained(path, dtype=dtype)
    if base is None:
        return AutoPeftModelForCausalLM.from_pretrained(path, dtype=dtype, is_trainable=True)
    return PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base, dtype=dtype), path, is_trainable=True)


def student_of(stage: dict, folder: RunFolder) -> torch.nn.Module:
    """The recipe's student, or what the stages before have made of it."""
    given = Path(stage["student"])
    if stage["first"] == 0:
        return load(given, torch.float32)
    # What the trainer goes on from within a stage it reads itself; this is where the stage begins.
    adapter = given / "adapter_config.json"
    base = Path(json.loads(adapter.read_text())["base_model_name_or_path"]) if adapter.exists() else given
    return load(folder.newest()[1] / "model", torch.float32, base)


def state_of(stage: dict) -> Path:
    """Where a stage's trainer keeps what it goes on from."""
    return HERE / "state" / stage["folder"]


def config_of(stage: dict, choices: argparse.Namespace, micro_batch: int, processes: int) -> SFTConfig:
    train, method = stage["train"], stage["method"]
    common = dict(
        output_dir=str(state_of(stage)),
        max_steps=train["steps"],
        per_device_train_batch_size=micro_batch,
        gradient_accumulation_steps=train["batchSize"] // (processes * micro_batch),
        # The schedule is that of given.py; this is its highest rate.
        learning_rate=train["learningRate"],
        optim={"adamw": "adamw_torch", "adafactor": "adafactor"}[train["optimizer"]],
        weight_decay=train["weightDecay"],
        adam_beta1=train["beta1"],
        adam_beta2=train["beta2"],
        adam_epsilon=train["epsilon"],
        max_grad_norm=train["clipNorm"],
        gradient_checkpointing=train["recompute"],
        bf16=torch.cuda.is_available() and not choices.cpu and not choices.fp32,
        use_cpu=choices.cpu,
        ddp_backend="gloo" if choices.cpu else None,
        ddp_find_unused_parameters=False,
        logging_steps=1,
        logging_nan_inf_filter=False,
        # By the steps of the whole run, which the follower counts; the trainer's own word is that of the end.
        save_steps=train["steps"],
        save_total_limit=stage["checkpoint"]["keep"],
        report_to=[],
        disable_tqdm=True,
        seed=stage["seed"],
        remove_unused_columns=False,
        dataset_kwargs={"skip_prepare_dataset": True},
        max_length=None,
    )
    if method["trainer"] == "sft":
        return SFTConfig(**common)
    return GKDConfig(
        **common,
        lmbda=0.0,
        beta=method["beta"],
        temperature=method["samplingTemperature"],
        max_new_tokens=stage["maxNewTokens"],
        disable_dropout=True,
    )


def train(stage: dict, folder: RunFolder, choices: argparse.Namespace, micro_batch: int, processes: int) -> None:
    """One stage, from its beginning or from its last checkpoint."""
    set_seed(stage["seed"])
    tokenizer = AutoTokenizer.from_pretrained(stage["student"])
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    on_card = torch.cuda.is_available() and not choices.cpu
    student = student_of(stage, folder)
    adapter = stage["adapter"]
    peft_config = None
    if adapter is not None and not isinstance(student, PeftModel):
        peft_config = LoraConfig(
            r=adapter["rank"], lora_alpha=adapter["alpha"], lora_dropout=adapter["dropout"],
            target_modules=adapter["targets"], task_type="CAUSAL_LM",
        )

    data = data_of(HERE, stage)
    shared = dict(
        model=student,
        args=config_of(stage, choices, micro_batch, processes),
        train_dataset=visits_of(data, examples_of(data / stage["trainFile"])),
        data_collator=Batches(tokenizer.pad_token_id),
        processing_class=tokenizer,
        peft_config=peft_config,
    )
    if stage["method"]["trainer"] == "sft":
        trainer = FineTuner(**shared)
    else:
        teacher = load(Path(stage["teacher"]), torch.bfloat16 if on_card and not choices.fp32 else torch.float32)
        trainer = Distiller(**shared, teacher_model=teacher)
    trainer.follow(stage, folder, data)
    state = state_of(stage)
    trainer.train(resume_from_checkpoint=get_last_checkpoint(str(state)) if state.is_dir() else None)
    # The next stage reads what the first process has published.
    trainer.accelerator.wait_for_everyone()
    if not folder.is_last(stage) and folder.is_main:
        shutil.rmtree(state)
    trainer.accelerator.free_memory()


def main() -> None:
    choices = arguments()
    settings = read_settings(HERE, choices)
    stages = stages_of(settings)
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    micro_batches = [micro_batch_of(stage["train"]["batchSize"], processes, choices.micro_batch) for stage in stages]
    folder = RunFolder(HERE / "run", settings, processes)
    # A cluster that takes its machine back asks first.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with folder.telling_failures():
        for stage, micro_batch in zip(stages, micro_batches):
            if folder.is_last(stage) or folder.newest()[0] < stage["first"] + stage["train"]["steps"]:
                train(stage, folder, choices, micro_batch, processes)
                gc.collect()


if __name__ == "__main__":
    main()
