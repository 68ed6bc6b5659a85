"""Greedy ids of exported folders by ONNX Runtime GenAI alone. Reads [{"folder", "prompts", "newTokens"}] from stdin, writes for each the new ids, or
what GenAI says against it."""
import json
import sys

import onnxruntime_genai as genai


def written(model, prompt, count):
    params = genai.GeneratorParams(model)
    params.set_search_options(do_sample=False, max_length=len(prompt) + count)
    generator = genai.Generator(model, params)
    generator.append_tokens(prompt)
    tokens = []
    while not generator.is_done():
        generator.generate_next_token()
        tokens.append(int(generator.get_next_tokens()[0]))
    return tokens


def answer(asked):
    try:
        model = genai.Model(asked["folder"])
        return {"tokens": [written(model, prompt, asked["newTokens"]) for prompt in asked["prompts"]]}
    except Exception as error:
        return {"error": str(error)}


json.dump([answer(asked) for asked in json.load(sys.stdin)], sys.stdout)
