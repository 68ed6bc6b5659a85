import type { Recipe } from '../contract/recipe.ts';
import { visibleLine } from '../contract/visible.ts';
import { differencesOf, type PlannedStage } from './plan.ts';

/** The README of a handed-over folder: what it needs, how it is started, how it comes back. */
export function handoverReadme({ name, student, teacher }: Recipe, stages: readonly PlannedStage[]): string {
  const isWritten = stages.some(({ method }) => method.source === 'teacher');
  const isTaught = isWritten || stages.some(({ plan }) => plan.method.trainer === 'gkd');
  const models = [['student', student.model], ...(teacher?.model !== undefined && isTaught ? [['teacher', teacher.model]] : [])];
  const sizes = [...new Set(stages.map(({ recipe: { train } }) => train.batchSize))];
  return `# ${visibleLine(name)}

A recipe of Retort, ready to be trained by TRL over torch.distributed: ${stages.length === 1 ? trainerOf(stages[0]!) : 'one command, stage after stage'}. The examples lie in
\`data/\` as tokens, in the order of the recipe's seed; \`settings.json\` says the rest.
${stages.length === 1 ? '' : stagesText(stages)}
## What it needs
    python -m venv env && env/bin/pip install -r requirements.txt${isWritten ? ' vllm' : ''}

Copy the models to the machine and name their folders where they are not at the same place as here:
${models.map(([who, path]) => `- ${who}: \`${path}\`  (\`--${who} FOLDER\`)`).join('\n')}

A batch is ${sizes.join(' or ')} examples, whatever the number of processes: it has to be a multiple of that number.
${isWritten ? `
## The teacher writes first
    env/bin/python teacher_writes.py
` : ''}
## One machine
    env/bin/accelerate launch --config_file accelerate/one-node.yaml --num_processes 8 train.py
    env/bin/accelerate launch --config_file accelerate/fsdp.yaml --num_processes 8 train.py        # weights shared out
    env/bin/accelerate launch --config_file accelerate/deepspeed.yaml --num_processes 8 train.py   # pip install deepspeed
    ACCELERATE_USE_CPU=true env/bin/torchrun --nproc_per_node 2 train.py --cpu                     # two processes without a card

## Several machines
On each, with its own rank from 0, this folder on a disk that all of them see; \`--num_processes\` counts the cards of all:

    env/bin/accelerate launch --config_file accelerate/several-nodes.yaml --num_machines 2 --machine_rank 0 \\
      --main_process_ip HOST --main_process_port 29500 --num_processes 16 train.py

\`slurm.sh\` and \`ray_job.sh\` are examples of the same for Slurm and Ray.

A training that was cut off goes on from its last checkpoint by the same command. \`--micro-batch N\` lowers memory.

## Back home
\`run/\` is what Retort reads, also while the training goes on, over a shared folder or after copying this folder back:

    retort adopt THIS-FOLDER

## What differs from a run in Retort
${differencesOf(stages).map((difference) => `- ${difference}`).join('\n')}
`;
}

const trainerOf = ({ plan }: PlannedStage): string => `\`${plan.method.trainer === 'gkd' ? 'GKDTrainer' : 'SFTTrainer'}\``;

function stagesText(stages: readonly PlannedStage[]): string {
  const line = (stage: PlannedStage, at: number): string => `${at + 1}. **${visibleLine(stage.name ?? '')}**: ${trainerOf(stage)}, \`data/stage-${at + 1}/\``;
  return `
${stages.map(line).join('\n')}

Each begins with the weights of the one before, a new optimizer and its own schedules; steps are counted through.
`;
}
