import { readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findNode, OLDEST } from '../../src-main/electron/find-node.ts';

let folder: string;
beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'retort-node-')); });
afterAll(() => rm(folder, { recursive: true }));

/** A folder with a `node` that says this of itself. */
async function fakeNode(name: string, says: string): Promise<string> {
  const place = join(folder, name);
  await mkdir(place);
  await writeFile(join(place, 'node'), `#!/bin/sh\n${says}\n`);
  await chmod(join(place, 'node'), 0o755);
  return place;
}

it('asks for the Node that package.json asks for', () => {
  const { engines } = JSON.parse(readFileSync('package.json', 'utf8')) as { engines: { node: string } };
  expect(engines.node).toBe(`>=${OLDEST.major}.${OLDEST.minor}`);
});

describe.runIf(process.platform !== 'win32')('the plain Node that computes', () => {
  it('is the first that is new enough, on the PATH or where Node usually lies', async () => {
    const old = await fakeNode('old', `echo 16.17.1 ${process.arch}`);
    const almost = await fakeNode('almost', `echo 20.18.3 ${process.arch}`);
    const foreign = await fakeNode('foreign', 'echo 22.1.0 pdp11');
    const broken = await fakeNode('broken', 'exit 1');
    const fit = await fakeNode('fit', `echo 20.19.0 ${process.arch}`);
    const later = await fakeNode('later', `echo 24.0.0 ${process.arch}`);
    expect(findNode([join(folder, 'nothing'), old, almost, foreign, broken, fit, later].join(delimiter), [])).toBe(join(fit, 'node'));
    expect(findNode('', [later])).toBe(join(later, 'node'));
    const real = join(folder, 'real');
    await mkdir(real);
    await symlink(process.execPath, join(real, 'node'));
    expect(findNode(real, [])).toBe(join(real, 'node'));
    expect(dirname(findNode(`${old}${delimiter}${real}`, []))).toBe(real);
  });

  it('is missed in words: there is none, it is too old, it is of another machine, it does not start', () => {
    const miss = (name: string): { message: string; hint?: string | undefined } => {
      try {
        return { message: findNode(join(folder, name), []) };
      } catch (error) {
        return error as Error;
      }
    };
    expect(miss('nothing')).toMatchObject({ message: 'Plain Node was chosen to compute, and none is installed.', hint: expect.stringMatching(/Install Node 20\.19 or newer for \w+ from nodejs.org, or choose the process of Electron/) as string });
    expect(miss('old').message).toContain(`${join(folder, 'old', 'node')} is version 16.17.1, too old.`);
    expect(miss('almost').message).toContain('is version 20.18.3, too old.');
    expect(miss('foreign').message).toContain('is for pdp11.');
    expect(miss('broken').message).toContain('does not start.');
  });
});
