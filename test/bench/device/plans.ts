import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writePlans, type Plan, type Task } from '../plan.ts';
import type { Size } from '../sizes.ts';
import { MICRO_BATCH, type Part } from './parts.ts';

/** Makes a size's models below a folder, once. @returns where they are */
export async function modelsOf(size: Size, folder: string): Promise<string> {
  const own = join(folder, size.name);
  // Written last, so that models which were cut off are made anew.
  const list = join(own, 'plans.json');
  if (!existsSync(list)) {
    await mkdir(own, { recursive: true });
    await writeFile(list, JSON.stringify(Object.fromEntries(await writePlans(size, own))));
  }
  return own;
}

/** The plan of a part: as many texts as it wants, on its device. @returns the plan's path */
export async function planOf({ size, task, batch, who }: Part, folder: string): Promise<string> {
  const [device, compute] = 'retort' in who ? [who.retort, who.compute] : [who.python, 'fp32' as const];
  const own = await modelsOf(size, folder);
  const plans = JSON.parse(await readFile(join(own, 'plans.json'), 'utf8')) as Partial<Record<Task, string>>;
  const plan = JSON.parse(await readFile(plans[task]!, 'utf8')) as Plan;
  const examples = Array.from({ length: batch }, (_, at) => plan.examples[at % plan.examples.length]!);
  const path = join(own, `${task}-${batch}-${device}-${compute}.json`);
  await writeFile(path, JSON.stringify({ ...plan, examples, device, compute, microBatch: Math.min(batch, MICRO_BATCH) } satisfies Plan));
  return path;
}
