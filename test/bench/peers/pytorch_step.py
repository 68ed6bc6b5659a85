"""A training step in PyTorch eager: supervised forward KL, AdamW as it comes, clipping.

The teacher's last hidden states are given, as they are to Retort; its output layer is part of the step.
"""
import torch
import torch.nn.functional as F
from transformers import AutoModelForCausalLM

from stepping import Clock, answer, device, dtype, plan, wait

student = AutoModelForCausalLM.from_pretrained(plan["student"], dtype=getattr(torch, dtype)).to(device).train()
teacher = AutoModelForCausalLM.from_pretrained(plan["teacher"], dtype=getattr(torch, dtype)).to(device).eval()
optimizer = torch.optim.AdamW(student.parameters(), lr=plan["learningRate"], weight_decay=0.0)
ids = torch.tensor([example["prompt"] + example["completion"] for example in plan["examples"]], device=device)
inputs = ids[:, :-1]
with torch.no_grad():
    teacher_hidden = teacher.model(inputs, use_cache=False).last_hidden_state


def step():
    with torch.no_grad():
        teacher_logits = teacher.lm_head(teacher_hidden)
    student_logits = student(inputs, use_cache=False).logits
    loss = F.kl_div(
        F.log_softmax(student_logits, dim=-1), F.log_softmax(teacher_logits, dim=-1), reduction="sum", log_target=True
    ) / inputs.numel()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(student.parameters(), plan["clipNorm"])
    optimizer.step()
    optimizer.zero_grad()


while True:
    wait()
    clock = Clock()
    step()
    answer(clock)
