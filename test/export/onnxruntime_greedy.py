"""Greedy text of an exported decoder by onnxruntime alone: reads {"prompts", "newTokens", "eos"} from stdin, writes the new ids."""
import json
import sys

import numpy
import onnxruntime

asked = json.load(sys.stdin)
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
inputs = {value.name: value for value in session.get_inputs()}
outputs = [value.name for value in session.get_outputs()]


def greedy(prompt):
    # Heads and width of the cache are fixed in the model; batch and length are not.
    past = {name: numpy.zeros([1, value.shape[1], 0, value.shape[3]], numpy.float32) for name, value in inputs.items() if name.startswith("past_key_values")}
    tokens, written = prompt, []
    for length in range(len(prompt), len(prompt) + asked["newTokens"]):
        feeds = {"input_ids": numpy.array([tokens], numpy.int64), "attention_mask": numpy.ones([1, length], numpy.int64), **past}
        if "position_ids" in inputs:
            feeds["position_ids"] = numpy.arange(length - len(tokens), length, dtype=numpy.int64)[None]
        found = dict(zip(outputs, session.run(None, feeds)))
        tokens = [int(found["logits"][0, -1].argmax())]
        past = {name: found[name.replace("past_key_values", "present")] for name in past}
        written += tokens
        if tokens[0] == asked["eos"]:
            break
    return written


json.dump([greedy(prompt) for prompt in asked["prompts"]], sys.stdout)
