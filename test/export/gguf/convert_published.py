"""Makes small random models with published tokenizers, and what llama.cpp's own converter makes of them in float16.

    LLAMA_CPP=path/to/llama.cpp python test/export/gguf/convert_published.py TO CASES.json        (its source; torch, transformers, gguf, sentencepiece)

A case has a name, a family of CONFIGS, a folder with tokenizer.json and tokenizer_config.json, and a chat template or none.
Each becomes the model folder TO/NAME and the file TO/NAME.gguf.
"""
import json
import os
import shutil
import sys
import zlib
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", CUDA_VISIBLE_DEVICES="", HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
sys.path[:0] = [os.environ["LLAMA_CPP"], os.environ["LLAMA_CPP"] + "/gguf-py"]

import gguf
import torch
import transformers
from conversion import get_model_class
from sentencepiece import sentencepiece_model_pb2 as sentencepiece

small = dict(hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=512, rms_norm_eps=1e-5, tie_word_embeddings=False)
llama3 = {"rope_type": "llama3", "rope_theta": 500000.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 128}
yarn = {"rope_type": "yarn", "rope_theta": 1e6, "factor": 16.0, "original_max_position_embeddings": 32, "beta_fast": 32.0, "beta_slow": 1.0, "mscale": 1.0, "mscale_all_dim": 1.0, "llama_4_scaling_beta": 0.1}

def without(*fields):
    return {key: value for key, value in small.items() if key not in fields}


CONFIGS = {
    "llama": lambda: transformers.LlamaConfig(**small, rope_parameters=llama3),
    "llama2": lambda: transformers.LlamaConfig(**small),
    "mistral": lambda: transformers.MistralConfig(**small, head_dim=32, sliding_window=None),
    "qwen2": lambda: transformers.Qwen2Config(**small),
    "qwen3": lambda: transformers.Qwen3Config(**small, head_dim=32),
    "gemma2": lambda: transformers.Gemma2Config(**small | dict(tie_word_embeddings=True), head_dim=32, query_pre_attn_scalar=32, sliding_window=64),
    "gemma3": lambda: transformers.Gemma3TextConfig(**small | dict(tie_word_embeddings=True, num_hidden_layers=6), head_dim=32, query_pre_attn_scalar=32, sliding_window=64),
    "smollm3": lambda: transformers.SmolLM3Config(**small | dict(num_hidden_layers=4)),
    "granite": lambda: transformers.GraniteConfig(**small, embedding_multiplier=2.0, residual_multiplier=0.7, attention_multiplier=0.2, logits_scaling=1.5),
    "phi3": lambda: transformers.Phi3Config(**small, sliding_window=512, pad_token_id=0),
    "olmo2": lambda: transformers.Olmo2Config(**small),
    "olmo3": lambda: transformers.Olmo3Config(**small | dict(num_hidden_layers=4), sliding_window=64),
    "ministral3": lambda: transformers.Ministral3Config(**small, head_dim=32, rope_parameters=yarn),
    "glm4": lambda: transformers.Glm4Config(**small, head_dim=32, pad_token_id=0),
    "stablelm": lambda: transformers.StableLmConfig(**without("rms_norm_eps"), use_qkv_bias=True),
    "lfm2": lambda: transformers.Lfm2Config(**without("rms_norm_eps") | dict(num_hidden_layers=4), layer_types=["conv", "conv", "full_attention", "conv"], block_multiple_of=32),
    "gpt-neox": lambda: transformers.GPTNeoXConfig(**without("rms_norm_eps", "num_key_value_heads")),
    "gpt2": lambda: transformers.GPT2Config(n_embd=64, n_layer=2, n_head=4, n_positions=512, tie_word_embeddings=True),
}


def random_model(config, seed):
    """Weights that float16 holds exactly and that are far from any tie."""
    model = transformers.AutoModelForCausalLM.from_config(config).eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            is_norm = ("norm" in name or ".ln_" in name) and name.endswith("weight")
            parameter.copy_(((1 if config.model_type not in ("gemma2", "gemma3_text") else 0) + 0.1 * noise if is_norm else 0.2 * noise).half().float())
    return model


def sentencepiece_model(tokenizer):
    """The tokenizer.model that a tokenizer.json of SentencePiece's kind was made from: its scores are ranks."""
    added = {token["id"]: token for token in tokenizer["added_tokens"]}
    ranks, pieces = {}, sentencepiece.ModelProto()
    for merge in tokenizer["model"]["merges"]:
        ranks.setdefault("".join(merge.split(" ") if isinstance(merge, str) else merge), len(ranks))
    kinds = sentencepiece.ModelProto.SentencePiece
    for text, at in sorted(tokenizer["model"]["vocab"].items(), key=lambda entry: entry[1]):
        is_byte = len(text) == 6 and text.startswith("<0x")
        kind = kinds.UNKNOWN if text == "<unk>" else kinds.BYTE if is_byte else kinds.CONTROL if text in ("<s>", "</s>", "<bos>", "<eos>", "<pad>") else kinds.USER_DEFINED if at in added else kinds.NORMAL
        pieces.pieces.add(piece=text, score=-float(ranks.setdefault(text, len(ranks))) if kind == kinds.NORMAL else 0.0, type=kind)
    pieces.trainer_spec.model_type = pieces.trainer_spec.BPE
    pieces.trainer_spec.byte_fallback = True
    pieces.normalizer_spec.name, pieces.normalizer_spec.add_dummy_prefix = "identity", True
    return pieces.SerializeToString()


def make(to, case):
    source, folder = Path(case["tokenizer"]), to / case["name"]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for file in source.iterdir():
        shutil.copy(file, folder)
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    special = {role: settings.get(f"{role}_token") for role in ("bos", "eos", "pad")}
    texts = {role: value["content"] if isinstance(value, dict) else value for role, value in special.items() if value}
    ids = tokenizer["model"]["vocab"] | {token["content"]: token["id"] for token in tokenizer["added_tokens"]}
    config = CONFIGS[case["family"]]()
    config.vocab_size = max(ids.values()) + 1
    for role in ("bos", "eos", "pad"):
        setattr(config, f"{role}_token_id", ids.get(texts.get(role)))
    config.architectures = [transformers.AutoModelForCausalLM._model_mapping[type(config)].__name__]
    random_model(config, zlib.crc32(case["name"].encode())).save_pretrained(folder)
    if case["template"] is not None:
        (folder / "chat_template.jinja").write_text(Path(case["template"]).read_text())
        settings.pop("chat_template", None)
        (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    if tokenizer["model"].get("byte_fallback") and case["family"] not in ("llama", "llama2", "mistral"):
        (folder / "tokenizer.model").write_bytes(sentencepiece_model(tokenizer))
    model_class = get_model_class(config.architectures[0])
    if case["family"] == "glm4":
        # Its own wants tokens by name that only GLM's tokenizer has.
        model_class.set_vocab = model_class._set_vocab_gpt2
    model = model_class(folder, gguf.LlamaFileType.MOSTLY_F16, to / f"{case['name']}.gguf", model_name=case["name"])
    # Transformers 5 spells these fields in another way than the converter.
    if case["family"] == "gpt2":
        model.hparams["n_ctx"] = config.n_positions
    if case["family"] == "gpt-neox":
        model.hparams["rotary_pct"] = 0.25
    model.write()


if __name__ == "__main__":
    to = Path(sys.argv[1])
    for case in json.loads(Path(sys.argv[2]).read_text()):
        try:
            make(to, case)
        except BaseException as error:
            (to / f"{case['name']}.error").write_text(f"{type(error).__name__}: {error}")
            if os.environ.get("TRACE"):
                raise
