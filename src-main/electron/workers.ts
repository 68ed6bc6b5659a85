import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Settings } from '../contract/api/settings.ts';
import { Problem } from '../contract/problem.ts';
import { COMMANDS, type Commands } from '../contract/worker.ts';
import type { WorkerHost } from '../contract/worker-host.ts';
import { workerEntry } from '../service/resources.ts';
import { ALLOCATOR } from '../worker/allocator.ts';
import { childHost } from '../worker/child-host.ts';
import { utilityHost } from './utility-host.ts';

/** A computing process of the kind the person chose. @throws Problem where plain Node was chosen and there is none. */
export function createWorker({ worker, threads }: Settings): WorkerHost<Commands> {
  const env = { ...ALLOCATOR, ...(threads > 0 && { RETORT_THREADS: String(threads) }) };
  if (worker === 'electron') return utilityHost(workerEntry(), COMMANDS, env);
  // Plain Node cannot look into the application's archive; what it needs lies unpacked beside it.
  return childHost(workerEntry().replace('app.asar', 'app.asar.unpacked'), COMMANDS, { env, execPath: findNode(), execArgv: [] });
}

function findNode(): string {
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  const found = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, name)).find((file) => existsSync(file));
  if (found !== undefined) return found;
  throw new Problem('Plain Node was chosen to compute, and none is installed.', {
    kind: 'failure', hint: 'Install Node 20 or newer from nodejs.org, or choose the process of Electron in the settings.',
  });
}
