#!/bin/bash
# An example for a Ray cluster, one node with eight cards: bash ray_job.sh [options of train.py]
# This folder, with env/ in it, lies on a disk that the node sees too: training is told into run/, and checkpoints are kept here.
set -eu
cd "$(dirname "$(realpath "$0")")"
if [ "${1:-}" != --on-the-node ]; then
  exec ray job submit --entrypoint-num-gpus 8 -- bash "$PWD/ray_job.sh" --on-the-node "$@"
fi
shift
exec env/bin/accelerate launch --config_file accelerate/one-node.yaml --num_processes 8 train.py "$@"
