"""Greedy text of an exported model by onnxruntime alone: a decoder, or a decoder and its encoder. Reads {"prompts", "newTokens", "eos",
"start"} from stdin, writes the new ids."""
import json
import sys

import numpy
import onnxruntime

asked = json.load(sys.stdin)
session, *encoder = (onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]) for path in sys.argv[1:])
inputs = {value.name: value for value in session.get_inputs()}
outputs = [value.name for value in session.get_outputs()]


def read(prompt):
    """What the decoder is given of its encoder at every step."""
    if not encoder:
        return {}
    mask = numpy.ones([1, len(prompt)], numpy.int64)
    states, = encoder[0].run(None, {"input_ids": numpy.array([prompt], numpy.int64), "attention_mask": mask})
    return {"encoder_hidden_states": states, "encoder_attention_mask": mask}


def greedy(prompt):
    # Heads and width of the cache are fixed in the model; batch and length are not.
    past = {name: numpy.zeros([1, value.shape[1], 0, value.shape[3]], numpy.float32) for name, value in inputs.items() if name.startswith("past_key_values")}
    source = read(prompt)
    opening = [asked["start"]] if encoder else prompt
    tokens, written = opening, []
    for length in range(len(opening), len(opening) + asked["newTokens"]):
        feeds = {"input_ids": numpy.array([tokens], numpy.int64), **source, **past}
        if "attention_mask" in inputs:
            feeds["attention_mask"] = numpy.ones([1, length], numpy.int64)
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
