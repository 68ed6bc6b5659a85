"""Sequence-level distillation: the teacher writes the completions (vLLM), train.py learns them: --train-file teacher.jsonl."""

import json
from pathlib import Path

from vllm import LLM, SamplingParams, TokensPrompt

from given import read_settings
from train import arguments

HERE = Path(__file__).resolve().parent
# Prompts asked at once; what is written is kept after each group, and a second start goes on.
GROUP = 1024


def main() -> None:
    settings = read_settings(HERE, arguments())
    rows = [json.loads(line) for line in open(HERE / "data" / "train.jsonl", encoding="utf-8")]
    place = HERE / "data" / "teacher.jsonl"
    partial = HERE / "data" / "teacher.jsonl.part"
    done = partial.read_text().count("\n") if partial.exists() else 0
    method = settings["method"]
    sampling = SamplingParams(
        temperature=method["teacherTemperature"], max_tokens=settings["maxNewTokens"], stop_token_ids=settings["eos"],
        seed=settings["seed"], detokenize=False,
    )
    llm = LLM(model=settings["teacher"], tokenizer=settings["student"])
    with open(partial, "a", encoding="utf-8") as file:
        for start in range(done, len(rows), GROUP):
            group = rows[start : start + GROUP]
            prompts = [TokensPrompt(prompt_token_ids=row["start"] or row["context"]) for row in group]
            for row, answer in zip(group, llm.generate(prompts, sampling)):
                completion = [token for token in answer.outputs[0].token_ids if token not in settings["eos"]]
                ended = answer.outputs[0].finish_reason == "stop"
                written = {**row, "context": row["start"] or row["context"], "start": None, "learned": None}
                file.write(json.dumps({**written, "completion": completion + settings["eos"][:1] * ended}) + "\n")
            file.flush()
    partial.replace(place)
    print(f"{len(rows)} completions are in {place}.")


if __name__ == "__main__":
    main()
