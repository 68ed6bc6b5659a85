"""Opens MLX folders with mlx-lm and prints, as JSON, the logits of each after texts.

    python mlx_logits.py < folders.json        ([{"folder": ..., "texts": [[ids]]}])
"""
import json
import sys
from pathlib import Path

import mlx.core as mx
from mlx_lm.utils import load_model

mx.set_default_device(mx.cpu)
print(json.dumps([[load_model(Path(asked["folder"]))[0](mx.array([text]))[0].astype(mx.float32).tolist() for text in asked["texts"]] for asked in json.load(sys.stdin)]))
