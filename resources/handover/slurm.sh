#!/bin/bash
#SBATCH --job-name=retort
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=8
#SBATCH --time=24:00:00
# An example: one launcher a node, which starts one process a card. From this folder: sbatch slurm.sh [options of train.py]
set -eu
head=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
export HEAD=$head CARDS=${SLURM_GPUS_ON_NODE:-8}
srun bash -c 'env/bin/accelerate launch --config_file accelerate/several-nodes.yaml \
  --num_machines "$SLURM_NNODES" --machine_rank "$SLURM_NODEID" --num_processes $((SLURM_NNODES * CARDS)) \
  --main_process_ip "$HEAD" --main_process_port 29500 train.py "$@"' retort "$@"
