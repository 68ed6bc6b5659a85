import { Command } from 'commander';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { measure } from './measure.ts';
import { TASKS, writePlans, type Task } from './plan.ts';
import { findPython } from './python.ts';
import { row, table, type Row } from './report.ts';
import { SIZES, type Size } from './sizes.ts';

interface Options { size?: string[]; task?: string[]; threads: string; quick?: true; json?: true }

/** Rounds of a run that only shows whether the benchmark works. */
const QUICK = 2;

const tell = (message: string): void => { process.stderr.write(`${message}\n`); };

async function main({ size: names = SIZES.map(({ name }) => name), task: asked = [...TASKS], threads, quick, json }: Options): Promise<void> {
  const sizes = names.map(sizeOf);
  const tasks = new Set(asked.map(taskOf));
  const python = await findPython(tell);
  if ('missing' in python) tell(`PyTorch and TRL are skipped: ${python.missing}.`);
  const rows: Row[] = [];
  for (const size of sizes) {
    const folder = await mkdtemp(join(tmpdir(), 'retort-bench-'));
    try {
      tell(`${size.name}: making the models ...`);
      const plans = await writePlans(size, folder);
      for (const [task, plan] of plans) {
        if (!tasks.has(task)) continue;
        tell(`${size.name}: measuring the ${task} ...`);
        const measured = await measure(task, plan, 'path' in python ? python.path : null, quick ? QUICK : size.rounds, Number(threads));
        rows.push(row(size.name, task, measured));
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  }
  const machine = { cpu: cpus()[0]!.model, cores: availableParallelism(), node: process.version, ...('versions' in python && python.versions) };
  if (json) process.stdout.write(`${JSON.stringify({ machine, rows }, null, 2)}\n`);
  else process.stdout.write(`${Object.entries(machine).map(([name, value]) => `${name} ${value}`).join(', ')}\n\n${table(rows)}\n`);
}

function sizeOf(name: string): Size {
  const size = SIZES.find((candidate) => candidate.name === name);
  if (!size) throw new Error(`there is no size ${name}; choose from ${SIZES.map((each) => each.name).join(', ')}`);
  return size;
}

function taskOf(name: string): Task {
  const task = TASKS.find((candidate) => candidate === name);
  if (!task) throw new Error(`there is no task ${name}; choose from ${TASKS.join(', ')}`);
  return task;
}

await new Command('bench')
  .description('Measures Retort against PyTorch and TRL on this machine')
  .option('--size <names...>', `only these sizes of student: ${SIZES.map(({ name }) => name).join(', ')}`)
  .option('--task <names...>', `only these: ${TASKS.join(', ')}`)
  .option('--threads <number>', 'of each peer; with one, compare the time of the processor where the machine has other work', '0')
  .option('--quick', `${QUICK} rounds only, to see that it works`)
  .option('--json', 'print JSON instead of a table')
  .action(main)
  .parseAsync();
