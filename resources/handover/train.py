"""Trains what settings.json describes, with TRL over torch.distributed. See README.md for the commands."""

import argparse
import os
import signal
import sys
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, set_seed
from transformers.trainer_utils import get_last_checkpoint
from trl import SFTConfig
from trl.experimental.gkd import GKDConfig

from given import Batches, examples_of, read_settings, visits_of
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
    parser.add_argument("--train-file", default="train.jsonl", help="in data/; written by teacher_writes.py where the teacher writes first")
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


def load(path: str, dtype: torch.dtype) -> torch.nn.Module:
    """The model in a folder; an adapter's stands on its base."""
    if not (Path(path) / "adapter_config.json").exists():
        return AutoModelForCausalLM.from_pretrained(path, dtype=dtype)
    from peft import AutoPeftModelForCausalLM

    return AutoPeftModelForCausalLM.from_pretrained(path, dtype=dtype, is_trainable=True)


def config_of(settings: dict, choices: argparse.Namespace, micro_batch: int, processes: int) -> SFTConfig:
    train, method = settings["train"], settings["method"]
    common = dict(
        output_dir=str(HERE / "state"),
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
        save_steps=settings["checkpoint"]["every"],
        save_total_limit=settings["checkpoint"]["keep"],
        report_to=[],
        disable_tqdm=True,
        seed=settings["seed"],
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
        max_new_tokens=settings["maxNewTokens"],
        disable_dropout=True,
    )


def main() -> None:
    choices = arguments()
    settings = read_settings(HERE, choices)
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    micro_batch = micro_batch_of(settings["train"]["batchSize"], processes, choices.micro_batch)
    set_seed(settings["seed"])

    tokenizer = AutoTokenizer.from_pretrained(settings["student"])
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    on_card = torch.cuda.is_available() and not choices.cpu
    student = load(settings["student"], torch.float32)
    adapter = settings["adapter"]
    peft_config = None
    if adapter is not None and not isinstance(student, PeftModel):
        peft_config = LoraConfig(
            r=adapter["rank"], lora_alpha=adapter["alpha"], lora_dropout=adapter["dropout"],
            target_modules=adapter["targets"], task_type="CAUSAL_LM",
        )

    rows = examples_of(HERE / "data" / choices.train_file)
    folder = RunFolder(HERE / "run", settings, processes)
    shared = dict(
        model=student,
        args=config_of(settings, choices, micro_batch, processes),
        train_dataset=visits_of(HERE / "data", rows),
        data_collator=Batches(tokenizer.pad_token_id),
        processing_class=tokenizer,
        peft_config=peft_config,
    )
    if settings["method"]["trainer"] == "sft":
        trainer = FineTuner(**shared)
    else:
        teacher = load(settings["teacher"], torch.bfloat16 if on_card and not choices.fp32 else torch.float32)
        trainer = Distiller(**shared, teacher_model=teacher)
    trainer.follow(settings, folder)
    state = HERE / "state"
    # A cluster that takes its machine back asks first.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with folder.telling_failures(trainer):
        trainer.train(resume_from_checkpoint=get_last_checkpoint(str(state)) if state.is_dir() else None)


if __name__ == "__main__":
    main()
