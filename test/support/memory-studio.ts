import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COMMANDS } from '../../src-main/contract/worker.ts';
import { openStudio } from '../../src-main/studio/studio.ts';
import { createHandlers } from '../../src-main/worker/handlers.ts';
import { memoryHost } from '../../src-main/worker/memory-host.ts';
import { StudioClient } from './studio-client.ts';
import { tinyProject, type TinyProject } from './tiny-project.ts';

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

/** The same beside a tiny project. `close` removes both. */
export async function projectStudio(): Promise<{ project: TinyProject; client: StudioClient; close(): Promise<void> }> {
  const project = await tinyProject();
  const { client, close } = await memoryStudio();
  return {
    project, client,
    close: async () => {
      await close();
      await project.remove();
    },
  };
}
