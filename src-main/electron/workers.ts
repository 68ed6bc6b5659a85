import type { Settings } from '../contract/api/settings.ts';
import { COMMANDS, type Commands } from '../contract/worker.ts';
import type { WorkerHost } from '../contract/worker-host.ts';
import { cudaVariables } from '../service/devices/cuda-place.ts';
import { workerEntry } from '../service/resources.ts';
import { peersFolder } from '../store/home.ts';
import { ALLOCATOR } from '../worker/allocator.ts';
import { childHost } from '../worker/child-host.ts';
import { findNode } from './find-node.ts';
import { utilityHost } from './utility-host.ts';

/** A computing process of the kind the person chose. @param home  the data folder. @throws Problem where plain Node was chosen and there is none that can. */
export function createWorker(home: string, { worker, threads }: Settings): WorkerHost<Commands> {
  const env = { ...ALLOCATOR, ...cudaVariables(home), RETORT_PEERS: peersFolder(home), ...(threads > 0 && { RETORT_THREADS: String(threads) }) };
  if (worker === 'electron') return utilityHost(workerEntry(), COMMANDS, env);
  return childHost(workerEntry(), COMMANDS, { env, execPath: findNode(), execArgv: [] });
}

/** @throws Problem where the chosen worker cannot be had on this machine */
export function checkWorker({ worker }: Settings): void {
  if (worker === 'node') findNode();
}
