"""Greedy tokens of an encoder-decoder's GGUF file, by llama.cpp's own library through llama-cpp-python's declarations of it.

    LIBLLAMA=path/to/libllama.so LLAMA_CPP_PYTHON=its/source python test/export/gguf/write_encoded.py FILE TOKENS PROMPT...

Prints a JSON list with `read`, the prompt's tokens, and `written` of each prompt.
"""
import json
import os
import sys
from pathlib import Path

os.environ["LLAMA_CPP_LIB_PATH"] = str(Path(os.environ["LIBLLAMA"]).parent)
sys.path.insert(0, os.environ["LLAMA_CPP_PYTHON"])
import llama_cpp.llama_cpp as llama  # noqa: E402

file, most, *prompts = sys.argv[1:]
LENGTH = 256


def run(step, context, ids):
    # The batch points into the array, which has to outlive the call.
    array = (llama.llama_token * len(ids))(*ids)
    assert step(context, llama.llama_batch_get_one(array, len(ids))) == 0


def write(model, vocab, prompt):
    settings = llama.llama_context_default_params()
    settings.n_ctx = settings.n_batch = settings.n_ubatch = LENGTH
    settings.n_threads = settings.n_threads_batch = 1
    context = llama.llama_init_from_model(model, settings)
    text, found = prompt.encode(), (llama.llama_token * LENGTH)()
    read = list(found[: llama.llama_tokenize(vocab, text, len(text), found, LENGTH, True, True)])
    run(llama.llama_encode, context, read)
    written, last = [], llama.llama_model_decoder_start_token(model)
    while len(written) < int(most) and not (written and llama.llama_vocab_is_eog(vocab, last)):
        run(llama.llama_decode, context, [last])
        logits = llama.llama_get_logits_ith(context, -1)
        last = max(range(llama.llama_vocab_n_tokens(vocab)), key=lambda token: logits[token])
        written.append(last)
    llama.llama_free(context)
    return {"read": read, "written": written}


llama.llama_backend_init()
model = llama.llama_model_load_from_file(file.encode(), llama.llama_model_default_params())
print(json.dumps([write(model, llama.llama_model_get_vocab(model), prompt) for prompt in prompts]))
