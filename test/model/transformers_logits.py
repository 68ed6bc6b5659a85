"""Logits that Transformers computes with models of folders. Reads {"folders", "ids"} from stdin, writes a list of [length][vocabulary] each."""
import json
import os
import sys

os.environ.update(OMP_NUM_THREADS="1", CUDA_VISIBLE_DEVICES="", HF_HUB_OFFLINE="1")

import torch
from transformers import AutoModelForCausalLM
from transformers.utils import logging

logging.set_verbosity_error()
logging.disable_progress_bar()
asked = json.load(sys.stdin)


@torch.no_grad()
def logits(folder):
    model, report = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True)
    assert not any(report[kind] for kind in ("missing_keys", "unexpected_keys", "mismatched_keys")), (folder, report)
    return model(torch.tensor([asked["ids"]]), use_cache=False).logits[0].tolist()


json.dump([logits(folder) for folder in asked["folders"]], sys.stdout)
