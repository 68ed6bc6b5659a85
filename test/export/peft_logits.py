"""Opens a base model and an adapter with PEFT and prints, as JSON, the logits behind each prompt's last token.

    python peft_logits.py BASE ADAPTER < prompts.json        (prompts as lists of ids)
"""
import json
import os
import sys

os.environ.update(CUDA_VISIBLE_DEVICES="", HF_HUB_OFFLINE="1")

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

torch.set_num_threads(1)
model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype=torch.float32), sys.argv[2]).eval()
with torch.no_grad():
    print(json.dumps([model(torch.tensor([ids])).logits[0, -1].tolist() for ids in json.load(sys.stdin)]))
