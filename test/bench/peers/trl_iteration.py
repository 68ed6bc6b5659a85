"""A whole on-policy iteration of TRL's GKDTrainer, timed from the beginning of its step to the end of the update."""
import tempfile

import torch
from datasets import Dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast, TrainerCallback
from trl.experimental.gkd import GKDConfig, GKDTrainer

from stepping import Clock, answer, device, dtype, plan, wait

STEPS = 1_000_000


class Timer(TrainerCallback):
    def on_step_begin(self, *args, **kwargs):
        wait()
        self.clock = Clock()

    def on_step_end(self, *args, **kwargs):
        answer(self.clock)


def collate(examples):
    prompts = torch.tensor([example["prompt"] for example in examples])
    texts = torch.tensor([example["prompt"] + example["completion"] for example in examples])
    labels = texts.clone()
    labels[:, : prompts.shape[1]] = -100
    return {
        "prompts": prompts, "prompt_attention_mask": torch.ones_like(prompts),
        "input_ids": texts, "attention_mask": torch.ones_like(texts), "labels": labels,
    }


student = AutoModelForCausalLM.from_pretrained(plan["student"], dtype=getattr(torch, dtype))
# Nothing ends a text, so that every completion has the same length.
student.generation_config.eos_token_id = None
peft_config = plan["adapter"] and LoraConfig(
    r=plan["adapter"]["rank"], lora_alpha=plan["adapter"]["alpha"], lora_dropout=0.0, target_modules="all-linear", task_type="CAUSAL_LM")
with tempfile.TemporaryDirectory() as folder:
    trainer = GKDTrainer(
        model=student,
        teacher_model=AutoModelForCausalLM.from_pretrained(plan["teacher"], dtype=getattr(torch, dtype)),
        args=GKDConfig(
            output_dir=folder, lmbda=1.0, beta=0.0, temperature=1.0, max_new_tokens=plan["maxNewTokens"],
            per_device_train_batch_size=len(plan["examples"]), max_steps=STEPS, gradient_checkpointing=False,
            learning_rate=plan["learningRate"], lr_scheduler_type="constant", weight_decay=0.0, max_grad_norm=plan["clipNorm"],
            bf16=device == "cuda", fp16=False, use_cpu=device != "cuda", report_to="none", save_strategy="no", logging_strategy="no", disable_tqdm=True,
        ),
        data_collator=collate,
        train_dataset=Dataset.from_list(plan["examples"]),
        processing_class=PreTrainedTokenizerFast.from_pretrained(plan["student"]),
        callbacks=[Timer()],
        peft_config=peft_config,
    )
    trainer.generation_config.eos_token_id = None
    trainer.train()
