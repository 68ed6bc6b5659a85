import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { HubGot, HubKind } from '../../src-main/contract/hub.ts';
import type { Problem } from '../../src-main/contract/problem.ts';
import type { Hub } from '../../src-main/hub/hub.ts';
import { getLooked } from '../../src-main/service/hub/get.ts';
import { lookAtHub } from '../../src-main/service/hub/look.ts';
import type { Looked } from '../../src-main/service/hub/looked.ts';
import { HubServer, type Fault, type ServedRepository } from './hub-server.ts';

const LONG = 30_000;
const MODEL = 'resources/sample/student';

interface Getting { token?: string | null; files?: string[]; signal?: AbortSignal; onProgress?: (file: string, done: number, total: number) => void }

/** A hub with the model `org/tiny`, and a folder to download into; both anew for each test of a file. */
export class HubFixture {
  readonly server = new HubServer();
  folder = '';
  /** Milliseconds that the hub may say nothing for: long, where a test is not about that, for the hub is in the same busy process. */
  silence = LONG;
  model: ServedRepository = { files: {} };

  constructor() {
    beforeAll(async () => {
      await this.server.start();
      const files = await Promise.all((await readdir(MODEL)).map(async (name): Promise<[string, Buffer]> => [name, await readFile(join(MODEL, name))]));
      this.model = { files: Object.fromEntries(files), large: ['model.safetensors'], tags: ['license:mit'] };
    });
    afterAll(() => this.server.stop());
    beforeEach(async () => {
      this.folder = await mkdtemp(join(tmpdir(), 'retort-hub-'));
      this.server.repositories.clear();
      this.server.repositories.set('org/tiny', { ...this.model, files: { ...this.model.files, 'pytorch_model.bin': 'pickle', 'modeling_tiny.py': 'import os', 'README.md': '# Tiny' } });
    });
    afterEach(async () => {
      this.server.reset();
      this.silence = LONG;
      await rm(this.folder, { recursive: true });
    });
  }

  get place(): string {
    return join(this.folder, 'tiny');
  }

  get weights(): Buffer {
    return this.model.files['model.safetensors'] as Buffer;
  }

  hub(token: string | null = null): Hub {
    return { url: this.server.url, token, timing: { silence: this.silence, pause: 5, longestPause: 1000 } };
  }

  look(name = 'org/tiny', { kind = 'model', token = null, files = [], signal }: Getting & { kind?: HubKind } = {}): Promise<Looked> {
    return lookAtHub(this.hub(token), { kind, name, files }, signal);
  }

  async get(name = 'org/tiny', getting: Getting & { kind?: HubKind } = {}): Promise<HubGot> {
    const { token = null, signal, onProgress = () => undefined } = getting;
    return getLooked(this.hub(token), await this.look(name, getting), this.place, { signal, onProgress });
  }
}

export async function problemOf(work: Promise<unknown>): Promise<Problem> {
  return work.then(() => { throw new Error('nothing was refused'); }, (error: unknown) => error as Problem);
}

/** A fault of the host that large files are at. */
export const ofLarge = (fault: (at: { range: number | null; count: number }, response: Parameters<Fault>[1], contents: Buffer) => boolean): Fault =>
  (asked, response, contents) => asked.isElsewhere && fault(asked, response, contents!);
