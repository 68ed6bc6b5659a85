"""Opens an MLX folder with mlx-lm and prints, as JSON: what it was opened as, and the greedy tokens after each prompt.

    python mlx_greedy.py FOLDER TOKENS < prompts.json        (prompts as lists of ids)
"""
import json
import sys

import mlx.core as mx
from mlx_lm.utils import load_model
from pathlib import Path

mx.set_default_device(mx.cpu)
model, config = load_model(Path(sys.argv[1]))
texts = []
for prompt in json.load(sys.stdin):
    ids = list(prompt)
    for _ in range(int(sys.argv[2])):
        ids.append(mx.argmax(model(mx.array([ids]))[0, -1]).item())
    texts.append(ids[len(prompt):])
print(json.dumps({"texts": texts, "quantization": config.get("quantization"), "modules": sorted({type(module).__name__ for _, module in model.named_modules()})}))
