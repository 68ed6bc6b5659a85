import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { COMPUTES_ON } from '../../../src-main/contract/compute.ts';
import { DEVICES, type Device } from '../../../src-main/contract/divergence.ts';
import { probeDevice } from '../../../src-main/devices/probe.ts';
import { pythonPeer, retortPeer } from '../measure.ts';
import type { Answer, Peer } from '../peer.ts';
import { findPython } from '../python.ts';
import { CardMemory } from './card-memory.ts';
import { DEVICE_SIZES, nameOf, partsOf, QUICK_SIZE, type Measured, type Part } from './parts.ts';
import { modelsOf, planOf } from './plans.ts';

interface Options { device: string[]; size?: string[]; quick?: true; out: string; minutes: string; deadline: string; python: boolean; models?: string; prepare?: true }

/** What a part gave, or why it gave nothing. */
interface Result {
  size: string; task: string; batch: number; who: Part['who'];
  problem?: string;
  /** The fastest answer of those after the first, which makes programs and memory. */
  ms?: number;
  parts?: Record<string, number>;
  /** Of writing, by all texts together. */
  tokensPerSecond?: number;
  /** Of the card; null where nobody tells. */
  cardBytes?: number | null;
  hostBytes?: number;
}

const tell = (message: string): void => { process.stderr.write(`${message}\n`); };

async function main({ device: names, size: wanted, quick, out, minutes, deadline, python: asksPython, models, prepare }: Options): Promise<void> {
  const sizes = quick ? [QUICK_SIZE] : DEVICE_SIZES.filter(({ name }) => wanted?.includes(name) ?? true);
  const folder = models ?? await mkdtemp(join(tmpdir(), 'retort-bench-'));
  if (prepare) {
    for (const size of sizes) tell(`${size.name}: ${await modelsOf(size, folder)}`);
    return;
  }
  const end = Date.now() + Number(minutes) * 60_000;
  const asked = names.map(deviceOf);
  const states = await Promise.all(asked.map((device) => probeDevice(device)));
  for (const { device, problem } of states) if (problem !== null) tell(`${device} is left out: ${problem}`);
  const devices = states.filter(({ problem }) => problem === null).map((state): Measured => (
    // What stands for a card rounds as one, so that the script is tried with what it measures there.
    state.device === 'cpu' ? { device: 'cpu', computes: COMPUTES_ON.cpu } : state));
  const python = asksPython ? await findPython(tell) : { missing: 'it was not asked for' };
  if ('missing' in python) tell(`PyTorch and TRL are left out: ${python.missing}.`);
  const machine = { cpu: cpus()[0]!.model, cores: availableParallelism(), node: process.version, devices: states, ...('versions' in python && { python: python.versions }) };
  const results: Result[] = [];
  const write = (): Promise<void> => writeFile(out, `${JSON.stringify({ machine, results }, null, 2)}\n`);
  await write();
  try {
    for (const size of sizes) {
      for (const part of partsOf(size, devices, 'path' in python)) {
        const left = Math.min(end - Date.now(), Number(deadline) * 1000);
        const { task, batch, who } = part;
        const result: Result = { size: size.name, task, batch, who, ...(left <= 0 ? { problem: 'no time was left' } : await measured(part, folder, 'path' in python ? python.path : null, left)) };
        results.push(result);
        tell(`${nameOf(part)}: ${result.problem ?? `${result.ms!.toFixed(0)} ms`}`);
        await write();
      }
    }
  } finally {
    if (models === undefined) await rm(folder, { recursive: true, force: true });
  }
  tell(`Wrote ${out}.`);
}

/** One part, given up after `left` milliseconds. */
async function measured(part: Part, folder: string, python: string | null, left: number): Promise<Omit<Result, 'size' | 'task' | 'batch' | 'who'>> {
  const { size, task, batch, who } = part;
  const memory = new CardMemory();
  let peer: Peer | null = null;
  const over = new AbortController();
  try {
    const plan = await planOf(part, folder);
    peer = 'retort' in who ? retortPeer(plan, 0) : pythonPeer(python!, task, plan, 0, who.python === 'cuda');
    const late = sleep(left, null, { signal: over.signal }).catch(() => null).then(() => { throw new Error(`it took longer than ${Math.round(left / 1000)} s`); });
    late.catch(() => undefined);
    const answers: Answer[] = [];
    for (let round = 0; round <= size.rounds; round++) answers.push(await Promise.race([peer.measure(), late]));
    const best = answers.slice(1).reduce((fastest, answer) => (answer.ms < fastest.ms ? answer : fastest));
    const rollout = best.parts?.['rollout'] ?? 0;
    return {
      ms: best.ms, ...(best.parts && { parts: best.parts }), ...(task === 'iteration' && rollout > 0 && { tokensPerSecond: batch * size.completion / (rollout / 1000) }),
      cardBytes: memory.stop(), hostBytes: best.peakBytes,
    };
  } catch (error) {
    return { problem: (error as Error).message.trim().split('\n').filter(Boolean).slice(-1)[0] ?? 'it failed' };
  } finally {
    over.abort();
    memory.stop();
    peer?.kill();
  }
}

function deviceOf(name: string): Device {
  // What stands for a card in tests has the processor's speed.
  const device = name === 'stand-in' ? 'cpu' : DEVICES.find((candidate) => candidate === name);
  if (!device) throw new Error(`there is no device ${name}; choose from ${DEVICES.join(', ')}, stand-in`);
  return device;
}

await new Command('bench:device')
  .description('Measures training, teachers and writing on a graphics card beside PyTorch and TRL; made to end in ten minutes')
  .option('--device <names...>', `of ${DEVICES.join(', ')}, stand-in; those that are not there are left out`, ['webgpu', 'cuda'])
  .option('--size <names...>', `only these: ${DEVICE_SIZES.map(({ name }) => name).join(', ')}`)
  .option('--quick', 'tiny shapes, to see that it works')
  .option('--models <dir>', 'where models with random weights are kept from one time to the next')
  .option('--prepare', 'only make these models, which takes minutes and no card')
  .option('--out <file>', 'JSON, written anew after every part', 'device-bench.json')
  .option('--minutes <number>', 'after which nothing new begins', '9')
  .option('--deadline <seconds>', 'of each part', '90')
  .option('--no-python', 'without PyTorch and TRL')
  .action(main)
  .parseAsync();
