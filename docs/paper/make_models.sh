#!/bin/sh
# Makes the models of the paper in small below docs/paper/made, some two hours on two cores. Run again, it goes on.
#
#     docs/paper/make_models.sh FOLDER        # of the data; see make_models.py
set -eu
cd "$(dirname "$0")"
retort() { npx retort "$@"; }

[ -f made/t5-tokenizer/tokenizer.json ] || python3 make_models.py --data "$1" --to made
for shape in t5-teacher t5-student llama-teacher llama-student; do
  [ -d "made/start/$shape" ] || retort model init --config "made/$shape.json" --tokenizer "made/${shape%-*}-tokenizer" --to "made/start/$shape"
done

# A recipe, and the step whose model is wanted of it.
make() {
  [ -d "made/$1" ] && return
  checkpoint=made/runs/$1/checkpoints/step-$2
  if [ ! -d "made/runs/$1" ]; then retort run "models/$1.json" --run-dir "made/runs/$1"
  elif [ ! -d "$checkpoint" ]; then retort resume "made/runs/$1"; fi
  # A copy that was cut off is none.
  rm -rf "made/.$1" && cp -r "$checkpoint/model" "made/.$1" && mv "made/.$1" "made/$1"
}
make sums-small 1250
make t5-teacher-1 1500
make t5-teacher-2 250
make t5-student 600
make t5-student-2 3000
make llama-teacher-1 460
make llama-teacher-2 500
make llama-teacher-3 600
make llama-teacher-4 450
make llama-student-1 500
make llama-student-2 600
make llama-student-3 150
make llama-student-4 700
