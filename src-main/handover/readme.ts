import type { Method } from '../contract/presets.ts';
import type { Recipe } from '../contract/recipe.ts';
import { visibleLine } from '../contract/visible.ts';
import type { Plan } from './plan.ts';

/** The README of a handed-over folder: what it needs, how it is started, how it comes back. */
export function handoverReadme(recipe: Recipe, method: Method, { method: { trainer }, differences }: Plan): string {
  const script = method.source === 'teacher' ? 'train.py --train-file teacher.jsonl' : 'train.py';
  const models = [['student', recipe.student.model], ...(recipe.teacher?.model !== undefined && (trainer === 'gkd' || method.source === 'teacher') ? [['teacher', recipe.teacher.model]] : [])];
  return `# ${visibleLine(recipe.name)}

A recipe of Retort, ready to be trained by TRL's \`${trainer === 'gkd' ? 'GKDTrainer' : 'SFTTrainer'}\` over torch.distributed. The examples lie in
\`data/\` as tokens, in the order of the recipe's seed; \`settings.json\` says the rest.

## What it needs
    python -m venv env && env/bin/pip install -r requirements.txt${method.source === 'teacher' ? ' vllm' : ''}

Copy the models to the machine and name their folders where they are not at the same place as here:
${models.map(([who, path]) => `- ${who}: \`${path}\`  (\`--${who} FOLDER\`)`).join('\n')}

A batch is ${recipe.train.batchSize} examples, whatever the number of processes: it has to be a multiple of that number.
${method.source === 'teacher' ? `
## The teacher writes first
    env/bin/python teacher_writes.py
` : ''}
## One machine
    env/bin/accelerate launch --config_file accelerate/one-node.yaml --num_processes 8 ${script}
    env/bin/accelerate launch --config_file accelerate/fsdp.yaml --num_processes 8 ${script}        # weights shared out
    env/bin/accelerate launch --config_file accelerate/deepspeed.yaml --num_processes 8 ${script}   # pip install deepspeed
    ACCELERATE_USE_CPU=true env/bin/torchrun --nproc_per_node 2 ${script} --cpu                     # two processes without a card

## Several machines
On each, with its own rank from 0; \`--num_processes\` counts the cards of all:

    env/bin/accelerate launch --config_file accelerate/several-nodes.yaml --num_machines 2 --machine_rank 0 \\
      --main_process_ip HOST --main_process_port 29500 --num_processes 16 ${script}

\`slurm.sh\` and \`ray_job.sh\` are examples of the same for Slurm and Ray.

A training that was cut off goes on from its last checkpoint by the same command. \`--micro-batch N\` lowers memory.

## Back home
\`run/\` is what Retort reads, also while the training goes on, over a shared folder or after copying this folder back:

    retort adopt THIS-FOLDER

## What differs from a run in Retort
${differences.map((difference) => `- ${difference}`).join('\n')}
`;
}
