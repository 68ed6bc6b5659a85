import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { serverSchema, type ServerSettings } from '../../src-main/contract/served-teacher.ts';
import { lookAtServer } from '../../src-main/service/servers/served-look.ts';
import { memoryStudio } from '../support/memory-studio.ts';
import { tinyProject, type TinyProject } from '../support/tiny-project.ts';
import { TokenServer } from '../support/token-server.ts';

let project: TinyProject;
let server: TokenServer;
beforeAll(async () => {
  project = await tinyProject();
  server = await TokenServer.over(project.teacher);
});
afterAll(async () => {
  await server.close();
  await project.remove();
});
afterEach(() => { server.fault = () => null; });

const settings = (changes: object = {}): ServerSettings => serverSchema.parse({ url: server.url, topLogprobs: 5, ...changes });
const look = (changes: object, student: string | null): ReturnType<typeof lookAtServer> => lookAtServer(settings(changes), student, null, new AbortController().signal);

it.each(['vllm', 'sglang'])('says what a server of %s has, in whose tokens, and how fast it tells', async (protocol) => {
  const found = await look({ protocol }, project.student);
  expect(found).toMatchObject({ model: 'teacher', topLogprobs: 5, tokensPerSecond: expect.any(Number) as number });
  expect(found.tokensPerSecond).toBeGreaterThan(0);
  if (protocol === 'vllm') expect(found.tokenizer).toBe('same');
});

it('asks nothing in tokens while no student says which', async () => {
  expect(await look({}, null)).toMatchObject({ model: 'teacher', tokenizer: 'unknown', topLogprobs: null, tokensPerSecond: null });
});

it('says what is wrong with a server', async () => {
  await expect(look({ model: 'other' }, project.student)).rejects.toThrow('does not have the model "other"');
  server.fault = ({ path }) => (path === '/tokenize' ? { status: 200, body: { tokens: [9, 9] } } : null);
  await expect(look({}, project.student)).rejects.toThrow('another tokenizer');
});

it('reaches no address that the person has not allowed', async () => {
  const studio = await memoryStudio();
  server.got.length = 0;
  await expect(studio.client.call('recipe.tryServer', { server: settings(), student: project.student })).rejects.toThrow('not allowed');
  expect(server.got).toEqual([]);
  await studio.close();
});
