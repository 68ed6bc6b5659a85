import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Problem } from '../../src-main/contract/problem.ts';
import { getLooked } from '../../src-main/service/hub/get.ts';
import { lookAtHub } from '../../src-main/service/hub/look.ts';
import { HubFixture, ofLarge, problemOf } from './hub-fixture.ts';
import type { Fault } from './hub-server.ts';

const hub = new HubFixture();

describe('what a hub sends', () => {
  it.each([['model.safetensors', 'SHA-256'], ['config.json', 'git hash']])('and is not what it said (%s) is thrown away', async (name, hash) => {
    const looked = await hub.look();
    hub.server.fault = ({ path }, response, contents) => {
      if (contents === null || !path.endsWith(name)) return false;
      const wrong = Buffer.from(contents);
      wrong[3]! ^= 1;
      response.end(wrong);
      return true;
    };
    const problem = await problemOf(getLooked(hub.hub(), looked, hub.place, { onProgress: () => undefined }));
    expect(problem.message).toMatch(new RegExp(`sends as ${name} is not what it says it holds .*${hash}`));
    expect(existsSync(hub.place)).toBe(false);
    expect((await readdir(join(hub.folder, '.tiny.download'))).some((file) => file.startsWith(name))).toBe(false);
  });

  it('beyond what it said is not taken', async () => {
    hub.server.fault = ofLarge((_asked, response, contents) => {
      response.end(Buffer.concat([contents, contents]));
      return true;
    });
    expect((await problemOf(hub.get())).message).toContain('sends more as model.safetensors than it says it holds');
  });

  it.each(['../../evil', '/etc/evil', '..\\evil', 'C:evil', 'a\0b', 'nul.txt', '.ssh/config', 'x/../../y'])('as a name (%j) never leaves the folder', async (path) => {
    hub.server.repositories.set('datasets/org/evil', { files: { [`${path}.jsonl`]: '{}' } });
    const data = hub.get('org/evil', { kind: 'dataset' });
    expect((await problemOf(data)).message).toMatch(/not written anywhere|has no data file/);
    expect(await readdir(hub.folder)).toEqual([]);
  });

  it('as an index never leaves the folder', async () => {
    for (const name of ['../../evil.safetensors', 'weights.bin', 7]) {
      hub.server.repositories.set('org/index', { files: { 'config.json': '{}', 'model.safetensors.index.json': JSON.stringify({ weight_map: { a: name } }), 'weights.bin': 'pickle' } });
      expect((await problemOf(hub.get('org/index'))).message).toContain('which is not beside it');
    }
  });

  it('that is no hub is told', async () => {
    hub.server.fault = (_asked, response) => {
      response.end('<html>Log in to the network</html>');
      return true;
    };
    expect((await problemOf(hub.get())).message).toBe(`${new URL(hub.server.url).host} does not answer as a hub does.`);
  });
});

describe('a hub that refuses', () => {
  const refusing = (status: number, headers: Record<string, string> = {}): Fault => (_asked, response) => {
    response.writeHead(status, headers).end();
    return true;
  };

  it('says of a gated model what to do', async () => {
    hub.server.repositories.set('org/tiny', { ...hub.model, gated: true });
    const stranger = await problemOf(hub.get());
    expect(stranger.message).toBe('Model org/tiny is gated: its owners want to know who uses it.');
    expect(stranger.hint).toContain(`${hub.server.url}/org/tiny`);
    expect(stranger.hint).toContain('HF_TOKEN');
    const other = await problemOf(hub.get('org/tiny', { token: 'hf_other' }));
    expect(other.message).toBe('The account of your token may not have model org/tiny.');
    expect(`${other.message}${other.hint}${other.stack}`).not.toContain('hf_other');
    await hub.get('org/tiny', { token: 'hf_right' });
  });

  it('gives the token to nobody else', async () => {
    await hub.get('org/tiny', { token: 'hf_right' });
    expect(hub.server.asked.filter(({ host }) => host === 'hub').every(({ token }) => token === 'hf_right')).toBe(true);
    expect(hub.server.asked.filter(({ host }) => host === 'elsewhere').map(({ token }) => token)).toEqual([null]);
  });

  it.each([
    ['org/none', 'has no public model org/none', 'Look at the spelling'],
    ['org/tiny@v9', 'Model org/tiny has no revision "v9"', 'See http'],
    ['a/b/c', 'is not the name of a model on a hub', 'Give ORG/NAME'],
    ['org/..', 'is not the name of a model on a hub', 'Give ORG/NAME'],
    ['org/tiny@../x', 'is no revision of a repository', 'Give a branch'],
    ['https://elsewhere.example/org/tiny', 'is no page of http', 'Give ORG/NAME'],
  ])('%s', async (name, message, hint) => {
    const problem = await problemOf(hub.get(name));
    expect(problem.message).toContain(message);
    expect(problem.message).toMatch(/\.$/);
    expect(problem.hint).toContain(hint);
  });

  it.each([
    [500, {}, 'has a fault of its own (status 500)'], [503, {}, 'has a fault of its own (status 503)'],
    [429, {}, 'has had too many requests.'], [429, { 'retry-after': '3600' }, 'asks to wait 3600 s.'],
    [403, {}, 'is gated'], [451, {}, 'does not give out'], [418, {}, 'refused model org/tiny (status 418)'],
    [302, { location: 'file:///etc/passwd' }, 'sends on to an address that is not followed'], [302, { location: '/again' }, 'from one address to the next without end'],
  ])('with %i %j is told in one sentence', async (status, headers, message) => {
    hub.server.fault = refusing(status, headers);
    const problem = await problemOf(hub.get());
    expect(problem).toBeInstanceOf(Problem);
    expect(problem.message).toContain(message);
    expect(problem.message.split('. ')).toHaveLength(1);
  });

  it('for a moment is asked again', async () => {
    hub.server.fault = ({ count }, response) => {
      if (count > 1) return false;
      response.writeHead(429, { 'retry-after': '0' }).end();
      return true;
    };
    await hub.get();
  });

  it('and says nothing is left', async () => {
    hub.silence = 400;
    hub.server.fault = ofLarge((_asked, response, contents) => {
      response.writeHead(200, { 'content-length': contents.length });
      response.write('x');
      return true;
    });
    expect((await problemOf(hub.get())).message).toMatch(/sent nothing for 0 s|is not what it says/);
  });

  it('or is not there', async () => {
    const gone = { ...hub.hub(), url: 'http://127.0.0.1:9' };
    const problem = await problemOf(lookAtHub(gone, { kind: 'model', name: 'org/tiny', files: [] }));
    expect(problem.message).toMatch(/^127\.0\.0\.1:9 cannot be reached: (nothing answers there|bad port)\.$/);
  });
});
