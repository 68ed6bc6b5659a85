"""Sequence-level distillation: the teacher writes the completions (vLLM) of each stage that train.py learns them in."""

import json
from pathlib import Path

from vllm import LLM, SamplingParams, TokensPrompt

from given import data_of, read_settings, stages_of
from train import arguments

HERE = Path(__file__).resolve().parent
# Prompts asked at once; what is written is kept after each group, and a second start goes on.
GROUP = 1024


def write(llm: LLM, stage: dict) -> None:
    data = data_of(HERE, stage)
    rows = [json.loads(line) for line in open(data / "train.jsonl", encoding="utf-8")]
    place, partial = data / stage["trainFile"], data / f"{stage['trainFile']}.part"
    if place.exists():
        return
    done = partial.read_text().count("\n") if partial.exists() else 0
    sampling = SamplingParams(
        temperature=stage["method"]["teacherTemperature"], max_tokens=stage["maxNewTokens"], stop_token_ids=stage["eos"],
        seed=stage["seed"], detokenize=False,
    )
    with open(partial, "a", encoding="utf-8") as file:
        for start in range(done, len(rows), GROUP):
            group = rows[start : start + GROUP]
            prompts = [TokensPrompt(prompt_token_ids=row["start"] or row["context"]) for row in group]
            for row, answer in zip(group, llm.generate(prompts, sampling)):
                completion = [token for token in answer.outputs[0].token_ids if token not in stage["eos"]]
                ended = answer.outputs[0].finish_reason == "stop"
                written = {**row, "context": row["start"] or row["context"], "start": None, "learned": None}
                file.write(json.dumps({**written, "completion": completion + stage["eos"][:1] * ended}) + "\n")
            file.flush()
    partial.replace(place)
    print(f"{len(rows)} completions are in {place}.")


def main() -> None:
    settings = read_settings(HERE, arguments())
    llm = LLM(model=settings["teacher"], tokenizer=settings["student"])
    for stage in stages_of(settings):
        if stage["trainFile"] != "train.jsonl":
            write(llm, stage)


if __name__ == "__main__":
    main()
