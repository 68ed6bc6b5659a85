"""Adapters of rank 16 by TRL's GKDTrainer with PEFT on a large shape: the seconds of each step, and the peak memory.

    python adapters.py STUDENT TEACHER TYPE     with folders of models, and the teacher's type: float32 or bfloat16

The student is held in float32: batch 4, 64 + 64 tokens, lambda 1, two steps. Of its own, since a benchmark that pairs
two programs on one machine would need room for both.
"""
import resource
import sys
import tempfile
import time

import torch
from datasets import Dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast, TrainerCallback
from trl.experimental.gkd import GKDConfig, GKDTrainer

student, teacher, kind = sys.argv[1:4]
TOKENS = 64


def peak():
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB at the peak"


class Timer(TrainerCallback):
    def on_step_begin(self, *args, **kwargs):
        self.begun = time.perf_counter()

    def on_step_end(self, *args, **kwargs):
        print(f"step: {time.perf_counter() - self.begun:.1f} s, {peak()}", flush=True)


def collate(examples):
    prompts = torch.tensor([example["prompt"] for example in examples])
    texts = torch.tensor([example["prompt"] + example["completion"] for example in examples])
    labels = texts.clone()
    labels[:, :TOKENS] = -100
    return {
        "prompts": prompts, "prompt_attention_mask": torch.ones_like(prompts),
        "input_ids": texts, "attention_mask": torch.ones_like(texts), "labels": labels,
    }


def tokens():
    return torch.randint(10, 100, (TOKENS,), generator=generator).tolist()


generator = torch.Generator().manual_seed(0)
tokenizer = PreTrainedTokenizerFast.from_pretrained(student)
tokenizer.pad_token = tokenizer.pad_token or tokenizer.convert_ids_to_tokens(0)
with tempfile.TemporaryDirectory() as folder:
    trainer = GKDTrainer(
        model=AutoModelForCausalLM.from_pretrained(student, dtype=torch.float32),
        teacher_model=AutoModelForCausalLM.from_pretrained(teacher, dtype=getattr(torch, kind)),
        args=GKDConfig(
            output_dir=folder, lmbda=1.0, beta=0.5, temperature=1.0, max_new_tokens=TOKENS, per_device_train_batch_size=4, max_steps=2,
            gradient_checkpointing=False, learning_rate=1e-4, bf16=False, fp16=False, use_cpu=True,
            report_to="none", save_strategy="no", logging_strategy="no", disable_tqdm=True,
        ),
        data_collator=collate,
        train_dataset=Dataset.from_list([{"prompt": tokens(), "completion": tokens()} for _ in range(16)]),
        processing_class=tokenizer,
        callbacks=[Timer()],
        peft_config=LoraConfig(r=16, lora_alpha=32, lora_dropout=0.0, target_modules="all-linear", task_type="CAUSAL_LM"),
    )
    # Nothing ends a text, so that every completion has the same length.
    trainer.generation_config.eos_token_id = None
    trainer.train()
print(peak())
