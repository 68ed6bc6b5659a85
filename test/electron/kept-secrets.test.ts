import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { keptSecrets, type Safe } from '../../src-main/electron/kept-secrets.ts';

/** Turns every byte over: what is kept is not what was given, and what was not kept so is refused. */
const turned = (data: Buffer): Buffer => Buffer.from(data.map((byte) => byte ^ 0xff));
const safe = (isAvailable = true): Safe => ({ isAvailable: () => isAvailable, encrypt: (text) => turned(Buffer.from(`safe ${text}`)), decrypt: (data) => /^safe (.*)$/.exec(turned(data).toString())![1]! });
const [HUB, SERVER] = ['https://huggingface.co', 'http://127.0.0.1:8000/'];

let home: string;
beforeEach(async () => { home = await mkdtemp(join(tmpdir(), 'retort-keys-')); });
afterEach(() => rm(home, { recursive: true }));

it('keeps a secret for each address, encrypted, for the owner alone, and forgets one without the others', async () => {
  const store = keptSecrets(home, safe());
  expect(await store.read(HUB)).toBeNull();
  await store.write(HUB, 'hf_token');
  await store.write(SERVER, 'server-key');
  expect([await store.read(HUB), await store.read(SERVER), await store.read('http://127.0.0.1:8001/')]).toEqual(['hf_token', 'server-key', null]);
  expect(await readFile(join(home, 'keys.json'), 'utf8')).not.toMatch(/hf_token|server-key/);
  if (process.platform !== 'win32') expect((await stat(join(home, 'keys.json'))).mode & 0o077).toBe(0);
  await store.remove(HUB);
  expect([await store.read(HUB), await store.read(SERVER)]).toEqual([null, 'server-key']);
  await store.remove(SERVER);
  await expect(stat(join(home, 'keys.json'))).rejects.toThrow('ENOENT');
});

it('keeps all of several that come at once', async () => {
  const store = keptSecrets(home, safe());
  await Promise.all([store.write(HUB, 'hf_token'), store.write(SERVER, 'server-key')]);
  expect([await store.read(HUB), await store.read(SERVER)]).toEqual(['hf_token', 'server-key']);
  expect(await readdir(home)).toEqual(['keys.json']);
});

it('finds the token that an earlier version kept, and takes it over', async () => {
  await writeFile(join(home, 'hub-token.json'), JSON.stringify({ hub: HUB, secret: safe().encrypt('hf_before').toString('base64') }));
  const store = keptSecrets(home, safe());
  expect(await store.read(HUB)).toBe('hf_before');
  await store.write(SERVER, 'server-key');
  await expect(stat(join(home, 'hub-token.json'))).rejects.toThrow('ENOENT');
  expect(await store.read(HUB)).toBe('hf_before');
});

it('reads nothing that it cannot open, and keeps nothing where the system has no safe', async () => {
  await writeFile(join(home, 'keys.json'), JSON.stringify({ [SERVER]: Buffer.from('of another machine').toString('base64') }));
  expect(await keptSecrets(home, safe()).read(SERVER)).toBeNull();
  await expect(keptSecrets(home, safe(false)).write(SERVER, 'key')).rejects.toThrow('no key store');
  expect(await keptSecrets(home, safe(false)).read(SERVER)).toBeNull();
});
