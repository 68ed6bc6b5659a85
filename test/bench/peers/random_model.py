"""Writes a model with random weights of a published shape: a folder (float32, bfloat16) or a GGUF file with every matrix in one type.

    python random_model.py SHAPE TYPE TO     with TYPE one of F32, BF16 (a folder), or a type of GGUF: Q8_0, Q4_K, Q6_K, ...

Needs gguf, numpy, safetensors and torch. The tokenizer has printable characters and fills the vocabulary with names.
"""
import json
import sys
from pathlib import Path

import numpy as np

SHAPES = {
    # name: architecture, vocabulary, width, inner width, layers, heads, heads of keys, width of a head, tied
    "smollm2-135m": ("llama", 49152, 576, 1536, 30, 9, 3, 64, True),
    "smollm2-360m": ("llama", 49152, 960, 2560, 32, 15, 5, 64, True),
    "qwen3-0.6b": ("qwen3", 151936, 1024, 3072, 28, 16, 8, 128, True),
    "qwen3-1.7b": ("qwen3", 151936, 2048, 6144, 28, 16, 8, 128, True),
    "qwen3-4b": ("qwen3", 151936, 2560, 9728, 36, 32, 8, 128, True),
}
HALVES = {"Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208]}
CONTEXT = 4096

shape, kind, to = sys.argv[1], sys.argv[2], Path(sys.argv[3])
arch, vocabulary, width, inner, layers, heads, kv_heads, head, tied = SHAPES[shape]
rng = np.random.default_rng(0)
tokens = ["<|endoftext|>", *(chr(code) for code in range(33, 127)), "Ġ", "Ġt"]
tokens += [f"<{at}>" for at in range(len(tokens), vocabulary)]


def tensors():
    """Names of the folder and of GGUF, with shapes."""
    yield "model.embed_tokens", "token_embd", (vocabulary, width)
    for at in range(layers):
        to_name, from_name = f"model.layers.{at}", f"blk.{at}"
        yield f"{to_name}.input_layernorm", f"{from_name}.attn_norm", (width,)
        yield f"{to_name}.self_attn.q_proj", f"{from_name}.attn_q", (heads * head, width)
        yield f"{to_name}.self_attn.k_proj", f"{from_name}.attn_k", (kv_heads * head, width)
        yield f"{to_name}.self_attn.v_proj", f"{from_name}.attn_v", (kv_heads * head, width)
        yield f"{to_name}.self_attn.o_proj", f"{from_name}.attn_output", (width, heads * head)
        if arch == "qwen3":
            yield f"{to_name}.self_attn.q_norm", f"{from_name}.attn_q_norm", (head,)
            yield f"{to_name}.self_attn.k_norm", f"{from_name}.attn_k_norm", (head,)
        yield f"{to_name}.post_attention_layernorm", f"{from_name}.ffn_norm", (width,)
        yield f"{to_name}.mlp.gate_proj", f"{from_name}.ffn_gate", (inner, width)
        yield f"{to_name}.mlp.up_proj", f"{from_name}.ffn_up", (inner, width)
        yield f"{to_name}.mlp.down_proj", f"{from_name}.ffn_down", (width, inner)
    yield "model.norm", "output_norm", (width,)
    if not tied:
        yield "lm_head", "output", (vocabulary, width)


def folder():
    import torch
    from safetensors.torch import save_file
    dtype = {"F32": torch.float32, "BF16": torch.bfloat16}[kind]
    to.mkdir(parents=True)
    weights = {}
    for name, _, size in tensors():
        # Rounded to bfloat16 in either case, so that both folders hold the same model.
        values = torch.ones(size) if len(size) == 1 else torch.from_numpy(rng.standard_normal(size, dtype=np.float32) * 0.02)
        weights[f"{name}.weight"] = values.to(torch.bfloat16).to(dtype)
    save_file(weights, to / "model.safetensors", {"format": "pt"})
    write = lambda name, value: (to / name).write_text(json.dumps(value))
    write("config.json", {
        "architectures": [{"llama": "LlamaForCausalLM", "qwen3": "Qwen3ForCausalLM"}[arch]], "model_type": arch, "vocab_size": vocabulary, "hidden_size": width,
        "intermediate_size": inner, "num_hidden_layers": layers, "num_attention_heads": heads, "num_key_value_heads": kv_heads, "head_dim": head,
        "hidden_act": "silu", "max_position_embeddings": CONTEXT, "rms_norm_eps": 1e-6, "rope_theta": 1000000.5, "tie_word_embeddings": tied, "attention_bias": False,
    })
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    write("tokenizer.json", {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [{"id": 0, "content": tokens[0], "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}],
        "normalizer": None, "pre_tokenizer": byte_level, "post_processor": None, "decoder": byte_level,
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False,
                  "ignore_merges": False, "vocab": {token: at for at, token in enumerate(tokens)}, "merges": ["Ġ t"]},
    })
    write("tokenizer_config.json", {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": tokens[0]})
    write("generation_config.json", {"eos_token_id": 0})


def gguf_file():
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, GGUFWriter
    quantization = GGMLQuantizationType[kind]
    writer = GGUFWriter(to, arch)
    writer.add_block_count(layers)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(width)
    writer.add_feed_forward_length(inner)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_key_length(head)
    writer.add_value_length(head)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(1000000.5)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([3] + [1] * (vocabulary - 1))
    writer.add_token_merges(["Ġ t"])
    writer.add_eos_token_id(0)
    def blocks(size, kind):
        elements, length = GGML_QUANT_SIZES[kind]
        if kind == GGMLQuantizationType.BF16:
            return (rng.standard_normal(size, dtype=np.float32) * 0.02).view(np.uint32).__rshift__(16).astype(np.uint16).view(np.uint8)
        data = rng.integers(0, 256, (int(np.prod(size)) // elements, length), dtype=np.uint8)
        for at in HALVES[kind.name]:
            scale = {"Q8_0": 3e-4, "Q4_K": 1e-4, "Q5_K": 5e-5, "Q6_K": 2e-5}.get(kind.name, 3e-3)
            data[:, at:at + 2] = np.full((len(data), 1), scale, dtype="<f2").view(np.uint8)
        return data.reshape(*size[:-1], -1)

    for _, name, size in tensors():
        if len(size) == 1:
            writer.add_tensor(f"{name}.weight", np.ones(size, np.float32))
        else:
            # As llama.cpp's quantizer does where rows are no whole blocks.
            type_here = quantization if size[1] % GGML_QUANT_SIZES[quantization][0] == 0 else GGMLQuantizationType.Q8_0
            writer.add_tensor(f"{name}.weight", blocks(size, type_here), raw_dtype=type_here)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


folder() if kind in ("F32", "BF16") and to.suffix != ".gguf" else gguf_file()
