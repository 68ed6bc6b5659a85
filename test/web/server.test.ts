import { chmod, mkdtemp, mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { FeedMessage } from '../../src-main/contract/api/feed.ts';
import { keptToken, newToken } from '../../src-main/web/kept-token.ts';
import { startServer, type ServedStudio, type WebServer } from '../../src-main/web/server.ts';
import { until } from '../support/studio-client.ts';

let folder: string;
let server: WebServer;
let base: URL;
let cookie: string;
const calls: { name: string; params: unknown }[] = [];
const listeners = new Set<(message: FeedMessage) => void>();
const studio: ServedStudio = {
  readOnly: null,
  call: async (name, params) => {
    calls.push({ name, params });
    if (name === 'exports.list') return { ok: true, result: [{ id: 3, folder: join(folder, 'root'), isThere: true }] };
    return { ok: true, result: { name } };
  },
  subscribe: (listener) => {
    listeners.add(listener);
    return () => { listeners.delete(listener); };
  },
};

interface Reply { status: number; headers: Record<string, string | string[] | undefined>; body: string }

/** A request whose every header is what the test says: `fetch` would not lie about host and origin. */
function send(path: string, { method = 'GET', headers = {}, body }: { method?: string; headers?: Record<string, string>; body?: string } = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ host: '127.0.0.1', port: base.port, path, method, headers: { host: base.host, ...headers }, setHost: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => { text += part; }).on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body: text }));
    });
    sent.on('error', reject).end(body);
  });
}
const own = (): Record<string, string> => ({ cookie, origin: base.origin });
const call = (headers: Record<string, string>, body = JSON.stringify({ name: 'runs.list', params: null })): Promise<Reply> =>
  send('/api/call', { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'retort-web-'));
  await mkdir(join(folder, 'root', 'assets'), { recursive: true });
  await writeFile(join(folder, 'root', 'index.html'), '<!doctype html>the interface');
  await writeFile(join(folder, 'root', 'assets', 'app.js'), 'ready()');
  await writeFile(join(folder, 'secret.json'), '"secret"');
  server = await startServer({ studio, host: '127.0.0.1', port: 0, root: join(folder, 'root'), uploads: join(folder, 'uploads'), token: newToken() });
  base = new URL(server.url);
  const opened = await send(`/${base.search}`);
  expect(opened.status).toBe(200);
  cookie = String(opened.headers['set-cookie']).split(';')[0]!;
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

describe('the opening address', () => {
  it('gives a cookie that scripts and other sites do not get', async () => {
    const { headers, body } = await send(`/${base.search}`);
    expect(String(headers['set-cookie'])).toMatch(/^retort-[0-9a-f]{8}=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/$/);
    expect(body).not.toContain(base.searchParams.get('token'));
  });
  it('with another token gives nothing', async () => {
    const { status, headers } = await send('/?token=guess');
    expect([status, headers['set-cookie']]).toEqual([403, undefined]);
  });
});

describe('who stands before the door', () => {
  it('is told why, and may paste the printed address', async () => {
    const { status, body } = await send('/');
    expect(status).toBe(401);
    expect(body).toContain('<form action="/">');
    const pasted = await send(`/?token=${encodeURIComponent(`http://127.0.0.1:1/${base.search}`)}`);
    expect([pasted.status, String(pasted.headers['set-cookie']).split(';')[0]]).toEqual([200, cookie]);
  });
  it('comes in once with the address that a browser was started with', async () => {
    const { search } = new URL(server.ticketUrl());
    expect(search).not.toBe(base.search);
    expect((await send(`/${search}`)).status).toBe(200);
    expect((await send(`/${search}`)).status).toBe(403);
  });
  it('comes in by the port of a tunnel', async () => {
    for (const host of ['localhost:18000', '127.0.0.1:18000', '[::1]:18000']) {
      expect([host, (await call({ cookie, host, origin: `http://${host}` })).status]).toEqual([host, 200]);
      expect([host, (await call({ cookie, host, origin: base.origin })).status]).toEqual([host, 403]);
    }
    calls.length = 0;
  });
  it('finds the program again after it was started anew, and only that of the same home', async () => {
    const home = join(folder, 'home');
    await mkdir(home);
    const options = { studio, host: '127.0.0.1', port: 0, root: join(folder, 'root'), uploads: folder };
    const first = await startServer({ ...options, token: await keptToken(home) });
    const { port, search } = new URL(first.url);
    await first.close();
    const again = await startServer({ ...options, port: Number(port), token: await keptToken(home) });
    expect(again.url).toBe(first.url);
    await again.close();
    expect(search).not.toBe(base.search);
    const file = join(home, 'serve-token');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    // Others could have read it.
    await chmod(file, 0o644);
    expect(`?token=${await keptToken(home)}`).not.toBe(search);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });
});

describe('a web page from elsewhere reads and starts nothing', () => {
  it('without the cookie, or with a wrong one', async () => {
    expect((await send('/')).status).toBe(401);
    expect((await call({ origin: base.origin })).status).toBe(401);
    expect((await call({ ...own(), cookie: `${cookie}x` })).status).toBe(401);
    expect((await call({ ...own(), cookie: 'retort-1=guess' })).status).toBe(401);
  });
  it('from another origin, even with the cookie', async () => {
    expect((await call({ ...own(), origin: 'http://evil.example' })).status).toBe(403);
    expect((await call({ ...own(), origin: 'null' })).status).toBe(403);
    expect((await call({ cookie })).status).toBe(403);
    expect((await call({ ...own(), 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    // Another port of this machine is another program.
    expect((await call({ ...own(), 'sec-fetch-site': 'same-site' })).status).toBe(403);
    expect((await send('/', { headers: { cookie, 'sec-fetch-site': 'cross-site' } })).status).toBe(403);
  });
  it('by a name that was made to lead here', async () => {
    const rebound = `evil.example:${base.port}`;
    expect((await call({ cookie, host: rebound, origin: `http://${rebound}` })).status).toBe(421);
    expect((await send(`/${base.search}`, { headers: { host: rebound } })).status).toBe(421);
    expect((await send('/', { headers: { cookie, host: 'localhost.evil.example' } })).status).toBe(421);
  });
  it('over a socket', async () => {
    const refused = (headers: Record<string, string>): Promise<number> => new Promise((resolve) => {
      const socket = new WebSocket(`ws://${base.host}/api/feed`, { headers });
      socket.on('unexpected-response', (_, response) => resolve(response.statusCode!)).on('error', () => undefined).on('open', () => resolve(101));
    });
    expect(await refused({ origin: base.origin })).toBe(401);
    expect(await refused({ cookie })).toBe(403);
    expect(await refused({ cookie, origin: 'http://evil.example' })).toBe(403);
    expect(await refused({ cookie, origin: base.origin, host: `evil.example:${base.port}` })).toBe(421);
  });
  it('and nothing of it reached the program', () => expect(calls).toEqual([]));
});

describe('the interface', () => {
  it('asks and is answered', async () => {
    const { status, body } = await call({ ...own(), 'sec-fetch-site': 'same-origin' });
    expect([status, JSON.parse(body)]).toEqual([200, { ok: true, result: { name: 'runs.list' } }]);
    expect(calls.at(-1)).toEqual({ name: 'runs.list', params: null });
    expect((await call({ ...own(), host: `localhost:${base.port}`, origin: `http://localhost:${base.port}` })).status).toBe(200);
  });
  it('is told what is wrong with a request', async () => {
    expect((await call(own(), '{"name": ')).status).toBe(400);
    expect((await call(own(), 'null')).status).toBe(400);
    expect((await call(own(), JSON.stringify({ name: 'x', params: 'x'.repeat(2 ** 20) }))).status).toBe(413);
    expect((await send('/api/call', { headers: own() })).status).toBe(404);
    expect((await send('/', { method: 'DELETE', headers: own() })).status).toBe(405);
  });
  it('gets its files and no others', async () => {
    const page = await send('/', { headers: { cookie } });
    expect([page.status, page.body]).toEqual([200, '<!doctype html>the interface']);
    expect(page.headers['content-security-policy']).toContain("script-src 'self'");
    expect((await send('/assets/app.js', { headers: { cookie } })).headers['content-type']).toContain('javascript');
    expect((await send('/', { headers: { cookie, 'if-none-match': String(page.headers['etag']) } })).status).toBe(304);
    for (const path of ['/../secret.json', '/%2e%2e/secret.json', '/..%2fsecret.json', '/assets/..%5c..%5csecret.json', '/assets/../../secret.json', '/%00', '/%zz', '//secret.json', '/assets']) {
      const { status, body } = await send(path, { headers: { cookie } });
      expect([path, status]).toEqual([path, 404]);
      expect(body).not.toContain('"secret"');
    }
  });
  it('is told what changes, and to ask again where it was too slow', async () => {
    const socket = new WebSocket(`ws://${base.host}/api/feed`, { headers: { cookie, origin: base.origin } });
    const told: FeedMessage[] = [];
    socket.on('message', (data) => told.push(JSON.parse((data as Buffer).toString()) as FeedMessage));
    await until(() => (listeners.size > 0 ? true : undefined));
    const publish = (message: FeedMessage): void => { for (const listener of listeners) listener(message); };
    publish({ topic: 'runs' });
    await until(() => told[0]);
    expect(told).toEqual([{ topic: 'runs' }]);

    socket.pause();
    const large: FeedMessage = { topic: 'ended', runId: 'a', name: 'x'.repeat(2 ** 20), how: 'done', error: null };
    for (let count = 0; count < 40; count++) publish(large);
    socket.resume();
    // What was dropped is made good by one word, once there is room again, although nothing else is told.
    await until(() => told.find(({ topic }) => topic === 'resync'));
    expect(told.filter(({ topic }) => topic === 'ended').length).toBeLessThan(40);
    socket.close();
    await until(() => (listeners.size === 0 ? true : undefined));
  });
  it('keeps dropped files under their names, beside each other', async () => {
    const upload = async (name: string, body: string): Promise<string> => {
      const reply = await send(`/api/upload?name=${encodeURIComponent(name)}`, { method: 'POST', headers: own(), body });
      return reply.status === 200 ? (JSON.parse(reply.body) as { path: string }).path : String(reply.status);
    };
    const first = await upload('train.jsonl', 'one');
    const second = await upload('train.jsonl', 'two');
    expect([await readFile(first, 'utf8'), await readFile(second, 'utf8')]).toEqual(['one', 'two']);
    expect((await upload('../../secret.json', 'x')).startsWith(join(folder, 'uploads'))).toBe(true);
    expect(await readFile(join(folder, 'secret.json'), 'utf8')).toBe('"secret"');
    expect(await upload('..', 'x')).toBe('400');
    const unlike = 'Fragen – größte Sammlung (2), 日本語 العربية.jsonl';
    expect(basename(await upload(unlike, 'x'))).toBe(unlike);
    const long = basename(await upload(`${'語'.repeat(200)}.jsonl`, 'x'));
    expect(long).toMatch(/^語+\.jsonl$/);
    expect(Buffer.byteLength(long)).toBeGreaterThan(200);
    expect(await readdir(join(folder, 'uploads'))).toHaveLength(5);
  });
});

it('a port that is taken is said to be', async () => {
  await expect(startServer({ studio, host: '127.0.0.1', port: Number(base.port), root: folder, uploads: folder, token: newToken() }))
    .rejects.toThrow(`Port ${base.port} is in use.`);
});

describe('a download', () => {
  it('is an export as one archive, of a length that is said before', async () => {
    const { status, headers, body } = await send('/api/download/export/3', { headers: { cookie } });
    expect([status, headers['content-disposition']]).toEqual([200, "attachment; filename*=UTF-8''root.zip"]);
    expect(body.startsWith('PK')).toBe(true);
    expect(body).toContain('root/assets/app.js');
    expect(Number(headers['content-length'])).toBeGreaterThan(100);
  });
  it('is not of what is not there, nor for strangers', async () => {
    expect(await send('/api/download/export/4', { headers: { cookie } })).toMatchObject({ status: 404, body: expect.stringContaining('not there any more') });
    expect((await send('/api/download/secrets/4', { headers: { cookie } })).status).toBe(404);
    expect((await send('/api/download/export/3')).status).toBe(401);
  });
});
