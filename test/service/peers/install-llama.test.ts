import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { llamaInstall, llamaLibraryFor } from '../../../src-main/export/llama/llama-package.ts';
import { installLlama, llamaState } from '../../../src-main/service/peers/install-llama.ts';
import { temporaryFolder } from '../../model/model-fixtures.ts';

const temporary = temporaryFolder();
afterEach(() => { vi.unstubAllEnvs(); });

/** A program named npm that does as told, first on the path. */
async function npm(name: string, script: string): Promise<void> {
  const folder = temporary.path(name);
  await mkdir(folder);
  await writeFile(join(folder, 'npm'), `#!/bin/sh\n${script}\n`);
  await chmod(join(folder, 'npm'), 0o755);
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env['PATH']}`);
}
const signal = new AbortController().signal;

it('asks npm for the package and the library of this processor alone, without their scripts', () => {
  expect(llamaInstall('/peers', 'darwin', 'arm64')).toEqual(['install', '--prefix', '/peers', '--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund', expect.stringMatching(/^node-llama-cpp@3\.\d+\.\d+$/), expect.stringMatching(/^@node-llama-cpp\/mac-arm64-metal@3\./)]);
  expect(llamaLibraryFor('freebsd', 'x64')).toBe(null);
});

it('has npm install it, and knows its version then', async () => {
  const peers = temporary.path('peers');
  expect(llamaState(peers)).toMatchObject({ version: null, command: expect.stringContaining('npm install --prefix') as string });
  await npm('good', 'echo "$@" > said; mkdir -p node_modules/node-llama-cpp; cd node_modules/node-llama-cpp; echo \'{"name": "node-llama-cpp", "version": "3.22.9", "main": "index.js"}\' > package.json; echo > index.js');
  expect(await installLlama(peers, signal)).toBe('3.22.9');
  expect(await readFile(join(peers, 'said'), 'utf8')).toContain(`--prefix ${peers} --ignore-scripts`);
  expect(llamaState(peers).version).toBe('3.22.9');
});

it('says why it could not: npm\'s own words, or that there is no npm', async () => {
  await npm('bad', 'echo "npm error code E404" >&2; exit 1');
  await expect(installLlama(temporary.path('none'), signal)).rejects.toMatchObject({ message: 'npm could not install node-llama-cpp: npm error code E404', kind: 'failure' });
  vi.stubEnv('PATH', temporary.path('nothing'));
  await expect(installLlama(temporary.path('none'), signal)).rejects.toMatchObject({ message: 'npm is not there, which installs node-llama-cpp.' });
});

it('is cancelled by who asked for it', async () => {
  await npm('slow', 'exec sleep 600');
  const cancelling = new AbortController();
  const going = installLlama(temporary.path('none'), cancelling.signal);
  cancelling.abort(new Error('no more'));
  await expect(going).rejects.toThrow('no more');
});
