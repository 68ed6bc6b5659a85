import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COMMANDS } from '../../src-main/contract/worker.ts';
import { openStudio } from '../../src-main/studio/studio.ts';
import { createHandlers } from '../../src-main/worker/handlers.ts';
import { memoryHost } from '../../src-main/worker/memory-host.ts';
import { StudioClient } from './studio-client.ts';

/** A studio on a data folder of its own whose workers compute in this process. `close` removes the folder. */
export async function memoryStudio(): Promise<{ home: string; client: StudioClient; close(): Promise<void> }> {
  const home = await mkdtemp(join(tmpdir(), 'retort-home-'));
  const client = new StudioClient(await openStudio({ home, createWorker: () => memoryHost(COMMANDS, createHandlers()) }));
  return {
    home, client,
    close: async () => {
      await client.studio.close();
      await rm(home, { recursive: true });
    },
  };
}
