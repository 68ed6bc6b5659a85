import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Recipe } from '../../src-main/contract/recipe.ts';
import { Consent } from '../../src-main/service/consent/consent.ts';
import { ConsentNeeded, Pending } from '../../src-main/service/consent/pending.ts';
import { reachesOf } from '../../src-main/service/consent/reaches.ts';
import type { Home } from '../../src-main/service/home.ts';
import { parseRecipe } from '../../src-main/service/recipe/recipe-file.ts';
import { checkRun } from '../../src-main/service/run/look/check.ts';
import { prepareRun } from '../../src-main/service/run/look/prepare.ts';
import { openProjectHome, removeProjectHome } from '../support/project-home.ts';
import type { TinyProject } from '../support/tiny-project.ts';

let project: TinyProject;
let home: Home;
beforeAll(async () => { ({ project, home } = await openProjectHome()); });
afterAll(() => removeProjectHome({ project, home }));

const withReward = (reward: object): Recipe => parseRecipe({ ...project.recipe(), method: { preset: 'rl-gkd', reward: reward as never } }, 'test');
const command = (...words: string[]): Recipe => withReward({ kind: 'command', command: words, directory: project.folder });

it('a check starts no command and asks no address, and a run refuses what is not allowed', async () => {
  let requests = 0;
  const server = createServer((_, response) => { requests++; response.end('{"rewards":[1]}'); });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const proof = join(project.folder, 'proof');
  const recipes = [
    command(process.execPath, '-e', `require('fs').writeFileSync(${JSON.stringify(proof)}, '')`),
    withReward({ kind: 'http', url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, allowRemote: true }),
  ];
  for (const recipe of recipes) {
    const found = await checkRun(recipe, project.folder, { isStart: false, allowed: [] });
    expect(found.filter(({ level }) => level === 'problem')).toEqual([]);
    await expect(prepareRun(recipe, project.folder)).rejects.toThrow('that you have not allowed');
    await expect(checkRun(recipe, project.folder, { isStart: true, allowed: [] })).rejects.toThrow('that you have not allowed');
  }
  server.close();
  expect([existsSync(proof), requests]).toEqual([false, 0]);
});

it('shows a command whole, with its hidden characters, and asks again for another', () => {
  const [reach] = reachesOf(command('sh', '-c', 'echo \u202e1\n\u001b[2J'));
  expect(reach).toMatchObject({ kind: 'command', what: 'sh -c \'echo \\u{202e}1\\n\\u{1b}[2J\'', where: project.folder });
  // What looks alike is not the same.
  expect(reachesOf(command('sh', '-c', 'echo \\u{202e}1\n\u001b[2J'))[0]!.digest).not.toBe(reach!.digest);
  expect(reachesOf(command('sh', '-c', 'echo \u202e1\n\u001b[2J'))[0]!.digest).toBe(reach!.digest);
  expect(reachesOf(parseRecipe(project.recipe(), 'test'))).toEqual([]);
});

it('a page can say yes only to what it was asked, and the answer is kept until it is taken back', async () => {
  const pending = new Pending();
  const consent = new Consent(home.database, pending.ask);
  const recipe = command('judge');
  const digests = reachesOf(recipe).map(({ digest }) => digest);
  await expect(pending.allow(consent, digests)).rejects.toThrow('Nothing of this kind was asked about.');
  await expect(consent.settle(recipe)).rejects.toThrow(ConsentNeeded);
  await pending.allow(consent, digests);
  expect(await consent.settle(recipe)).toEqual(digests);
  await expect(consent.settle(recipe, command('judge', '--other'))).rejects.toThrow(ConsentNeeded);
  await consent.remove(digests[0]!);
  await expect(consent.settle(recipe)).rejects.toThrow(ConsentNeeded);
  expect(await consent.list()).toEqual([]);
});

it('a yes for one call is not kept', async () => {
  const consent = new Consent(home.database, async () => ({ isKept: false }));
  expect(await consent.settle(command('judge'))).toHaveLength(1);
  expect(await consent.list()).toEqual([]);
});
