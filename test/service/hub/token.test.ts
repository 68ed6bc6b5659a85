import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authorization, hubAddress, PATIENT } from '../../../src-main/hub/hub.ts';
import type { KeyStore } from '../../../src-main/service/servers/key-store.ts';
import { openHub } from '../../../src-main/service/hub/open-hub.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'retort-token-'));
  await writeFile(join(folder, 'token'), 'hf_file\n');
});
afterAll(() => rm(folder, { recursive: true }));

const keyStore = (kept: Record<string, string>): KeyStore => ({ read: async (hub) => kept[hub] ?? null, write: async () => undefined, remove: async () => undefined });
const tokenOf = async (named: string | null, env: Record<string, string>, store: KeyStore | null = null): Promise<string | null> => (await openHub(named, store, env)).hub.token;

describe('a token', () => {
  it('comes from the environment, then from the key store, then from the file of the hub\'s own tools', async () => {
    const store = keyStore({ 'https://huggingface.co': 'hf_kept' });
    expect(await tokenOf(null, { HF_TOKEN: 'hf_env', HF_HOME: folder }, store)).toBe('hf_env');
    expect(await tokenOf(null, { HF_HOME: folder }, store)).toBe('hf_kept');
    expect(await tokenOf(null, { HF_HOME: folder })).toBe('hf_file');
    expect(await tokenOf(null, { HF_TOKEN_PATH: join(folder, 'token') })).toBe('hf_file');
    expect(await tokenOf(null, { HF_HOME: '/nowhere' })).toBe(null);
  });

  it('that was kept for one hub goes to no other', async () => {
    const store = keyStore({ 'https://huggingface.co': 'hf_kept' });
    expect(await tokenOf('https://other.example', { HF_HOME: folder }, store)).toBe(null);
    expect(await tokenOf(null, { HF_ENDPOINT: 'https://other.example/', HF_HOME: '/nowhere' }, store)).toBe(null);
  });

  it('with characters that would end a header is none', async () => {
    expect(await tokenOf(null, { HF_TOKEN: 'hf\r\nx: y', HF_HOME: '/nowhere' })).toBe(null);
  });

  it('goes to the hub alone, and not where others can read it', () => {
    const to = (url: string, address: string): object => authorization({ url, token: 't', timing: PATIENT }, new URL(address));
    expect(to('https://hub.example', 'https://hub.example/api')).toEqual({ authorization: 'Bearer t' });
    expect(to('https://hub.example', 'https://cdn.hub.example/api')).toEqual({});
    expect(to('https://hub.example', 'https://hub.example:444/api')).toEqual({});
    expect(to('http://hub.example', 'http://hub.example/api')).toEqual({});
    expect(to('http://localhost:8080', 'http://localhost:8080/api')).toEqual({ authorization: 'Bearer t' });
  });
});

describe('a hub', () => {
  it('is the one that is named, or that of the environment', async () => {
    expect((await openHub(null, null, { HF_HOME: '/nowhere' })).hub.url).toBe('https://huggingface.co');
    expect((await openHub(null, null, { HF_ENDPOINT: 'https://mirror.example/' })).hub.url).toBe('https://mirror.example');
    await expect(openHub('file:///etc', null, {})).rejects.toThrow('is not the address of a hub');
    expect(() => hubAddress('https://me:secret@hub.example')).toThrow(/name or a password/);
  });

  it('is not asked where the person has forbidden it', async () => {
    await expect(openHub(null, null, { HF_HUB_OFFLINE: '1' })).rejects.toThrow('HF_HUB_OFFLINE is set');
  });
});
