import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..', '..');
const ENVIRONMENT = join(ROOT, '.cache', 'python');
const REQUIREMENTS = join(import.meta.dirname, 'peers', 'requirements.txt');

/** The Python of the peers, or why there is none. */
export type Python = { path: string; versions: Record<string, string> } | { missing: string };

/**
 * The Python that RETORT_PYTHON names, or that of a virtual environment under `.cache/`, made here where it is not yet
 * (some minutes and 5 GB, most of them the CUDA libraries that PyTorch brings).
 */
export async function findPython(tell: (message: string) => void): Promise<Python> {
  const named = process.env['RETORT_PYTHON'];
  if (named) return await withPeers(named) ?? { missing: `RETORT_PYTHON is ${named}, which has no torch, transformers, trl and peft` };
  const own = process.platform === 'win32' ? join(ENVIRONMENT, 'Scripts', 'python.exe') : join(ENVIRONMENT, 'bin', 'python');
  const ready = existsSync(own) ? await withPeers(own) : null;
  if (ready) return ready;
  try {
    tell(`Installing PyTorch and TRL into ${ENVIRONMENT} ...`);
    await run(process.platform === 'win32' ? 'python' : 'python3', ['-m', 'venv', ENVIRONMENT]);
    await run(own, ['-m', 'pip', 'install', '--quiet', '--requirement', REQUIREMENTS], { maxBuffer: 2 ** 26 });
  } catch (error) {
    return { missing: `no Python with PyTorch and TRL could be had (${(error as Error).message.trim().split('\n').at(-1)})` };
  }
  return await withPeers(own) ?? { missing: `the Python in ${ENVIRONMENT} does not import torch, transformers, trl and peft` };
}

async function withPeers(path: string): Promise<Python | null> {
  const program = 'import json, peft, torch, transformers, trl; print(json.dumps({m.__name__: m.__version__ for m in (torch, transformers, trl, peft)}))';
  try {
    const { stdout } = await run(path, ['-c', program], { env: { ...process.env, CUDA_VISIBLE_DEVICES: '' } });
    return { path, versions: JSON.parse(stdout) as Record<string, string> };
  } catch {
    return null;
  }
}
