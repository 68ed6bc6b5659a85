"""Quantizes GGUF files by llama.cpp's own library, as llama-quantize does.

    LIBLLAMA=path/to/libllama.so python test/export/gguf/quantize_llama.py JOBS.json

A job has a file `from` in float32, a file `to`, the number of a mixture in `type`, and in `imatrix` lists of importances by tensor, or null.
"""
import ctypes
import json
import os
import sys
from pathlib import Path

library = ctypes.CDLL(os.environ["LIBLLAMA"])


class Importance(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("data", ctypes.POINTER(ctypes.c_float)), ("size", ctypes.c_size_t)]


class Settings(ctypes.Structure):
    _fields_ = [("threads", ctypes.c_int32), ("type", ctypes.c_int), ("output_type", ctypes.c_int), ("embedding_type", ctypes.c_int),
                *((name, ctypes.c_bool) for name in ("requantize", "output", "copy", "pure", "split", "dry")),
                ("imatrix", ctypes.POINTER(Importance)), ("metadata", ctypes.c_void_p), ("types", ctypes.c_void_p), ("prune", ctypes.c_void_p), ("buffer", ctypes.c_size_t)]


library.llama_model_quantize_default_params.restype = Settings
library.llama_model_quantize.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.POINTER(Settings)]
library.llama_model_quantize.restype = ctypes.c_uint32
silent = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)(lambda *_: None)
library.llama_log_set(silent, None)
library.llama_backend_init()

for job in json.loads(Path(sys.argv[1]).read_text()):
    settings = library.llama_model_quantize_default_params()
    settings.threads, settings.type = 1, job["type"]
    kept = [(name.encode(), (ctypes.c_float * len(values))(*values), len(values)) for name, values in (job["imatrix"] or {}).items()]
    if kept:
        settings.imatrix = (Importance * (len(kept) + 1))(*(Importance(name, ctypes.cast(values, ctypes.POINTER(ctypes.c_float)), count) for name, values, count in kept), Importance(None, None, 0))
    status = library.llama_model_quantize(job["from"].encode(), job["to"].encode(), ctypes.byref(settings))
    if status != 0:
        sys.exit(f"llama.cpp returned {status} for {job}")
