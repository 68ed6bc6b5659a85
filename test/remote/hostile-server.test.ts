import { once } from 'node:events';
import { createServer as httpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as tcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, it } from 'vitest';
import { serverSchema } from '../../src-main/contract/served-teacher.ts';
import { PassingFault } from '../../src-main/hub/passing-fault.ts';
import { ask } from '../../src-main/remote/ask.ts';
import { listModels } from '../../src-main/remote/list-models.ts';
import { serverOf, type Server as Asked } from '../../src-main/remote/server.ts';
import { sglangServer } from '../../src-main/remote/sglang.ts';
import { vllmServer } from '../../src-main/remote/vllm.ts';

const open: { server: Server; sockets: Set<Socket> }[] = [];
afterEach(async () => {
  for (const { server, sockets } of open.splice(0)) {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => { server.close(resolve); });
  }
});

async function listening(server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => { sockets.add(socket.on('error', () => undefined)); });
  open.push({ server, sockets });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const http = (answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> => listening(httpServer(answer));
const tcp = (answer: (socket: Socket) => void): Promise<string> => listening(tcpServer((socket) => { socket.once('data', () => answer(socket)); }));
const at = (url: string, settings: object = {}): Asked => serverOf(serverSchema.parse({ url, timeoutSeconds: 30, topLogprobs: 3, ...settings }), 'the-key', 10);

/** What a person is told; every fault is one sentence and a hint. */
async function told(work: Promise<unknown>): Promise<{ message: string; passes: boolean }> {
  const error: unknown = await work.then(() => { throw new Error('nothing was wrong'); }, (caught: unknown) => caught);
  const problem = error instanceof PassingFault ? error.problem : error as { message: string; hint?: string };
  expect(problem.hint).toBeTruthy();
  expect(problem.message).not.toContain('\n');
  return { message: problem.message, passes: error instanceof PassingFault };
}

it('takes neither texts nor key to where a server redirects, and says where that is', async () => {
  const got: (string | undefined)[] = [];
  const elsewhere = await http((request, response) => {
    got.push(request.headers.authorization);
    response.end('{}');
  });
  for (const status of [301, 302, 303, 307, 308]) {
    const url = await http((_, response) => response.writeHead(status, { location: `${elsewhere}/v1/completions` }).end());
    const { message, passes } = await told(ask(at(url), '/v1/completions', { prompt: [[1]] }));
    expect([message, passes]).toEqual([expect.stringMatching(new RegExp(`sends its callers on to ${elsewhere} \\(status ${status}\\), and the texts of the run and the key go only`)), false]);
  }
  expect(got).toEqual([]);
});

it.each<[string, (response: ServerResponse) => void, RegExp]>([
  ['a web page', (response) => response.setHeader('content-type', 'text/html').end('<!doctype html><title>Sign in</title>'), /answered \/v1\/models with a web page\./],
  ['nothing', (response) => response.end(), /answered \/v1\/models with nothing\./],
  ['NaN', (response) => response.end('{"data": [{"id": NaN}]}'), /numbers that are none \(NaN or Infinity\)/],
  ['words that move a terminal\'s cursor', (response) => response.end('\u001b[2Jno'), /what is no JSON: \\u\{1b\}\[2Jno/],
  ['half an answer', (response) => response.writeHead(200, { 'content-length': 100 }).end('{"data":'), /cannot be reached: it closed the connection/],
  ['a packed answer', (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"data":[]}')), /packed \(gzip\), which it was asked not to/],
  ['a list of something else', (response) => response.end('{"data":[{"name":"x"}]}'), /without a list of models/],
])('says in one sentence that a server answers %s', async (_, answer, said) => {
  const url = await http((__, response) => answer(response));
  expect(await told(listModels(at(url)))).toEqual({ message: expect.stringMatching(said) as string, passes: true });
});

it('unpacks no bomb', async () => {
  const bomb = gzipSync(Buffer.alloc(2 ** 26));
  const url = await http((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb));
  expect((await told(listModels(at(url)))).message).toMatch(/packed/);
});

it('reads no body without an end', async () => {
  const piece = Buffer.alloc(2 ** 20, ' ');
  let sent = 0;
  const url = await http((_, response) => {
    const go = (): void => {
      do sent += piece.length;
      while (!response.destroyed && response.write(piece));
    };
    response.on('drain', go);
    go();
  });
  expect(await told(listModels(at(url)))).toEqual({ message: expect.stringContaining('answered /v1/models with more than 16 MiB') as string, passes: false });
  expect(sent).toBeLessThan(2 ** 28);
});

it.each<[string, (socket: Socket) => void, RegExp]>([
  ['heads without an end', (socket) => {
    const go = (): void => { while (!socket.destroyed && socket.write(`x-${Math.random()}: ${'y'.repeat(1000)}\r\n`)); };
    socket.on('drain', go);
    socket.write('HTTP/1.1 200 OK\r\n');
    go();
  }, /cannot be reached: the head of its answer has no end/],
  ['another language', (socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'), /it does not speak HTTP/],
  ['a hung up line', (socket) => socket.destroy(), /it closed the connection/],
  ['another protocol', (socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'), /cannot be reached/],
])('says in one sentence that a server has %s', async (_, answer, said) => {
  expect((await told(listModels(at(await tcp(answer))))).message).toMatch(said);
});

it.each<[string, (socket: Socket) => void]>([
  ['whose head never ends', (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n')],
  ['whose body never ends', (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{')],
  ['that says nothing', () => undefined],
])('waits for an answer %s no longer than it was told to', async (_, answer) => {
  expect(await told(listModels(at(await tcp(answer), { timeoutSeconds: 0.2 })))).toEqual({ message: expect.stringMatching(/gave no whole answer within 0.2 seconds/) as string, passes: true });
});

/** What vLLM tells of three tokens each of two texts, then changed. */
const IDS = [[4, 5, 6], [7, 8, 9]];
const place = (written: number): Record<string, { logprob: number | null }> => ({ [written]: { logprob: -1 }, 0: { logprob: -1.2 }, 1: { logprob: -1.4 } });
type Choice = { index: number; prompt_token_ids?: number[]; prompt_logprobs: (Record<string, { logprob: number | null }> | null)[] };
const choices = (): Choice[] => IDS.map((ids, index) => ({ index, prompt_logprobs: [null, ...ids.slice(1).map(place)] }));
async function judge(change: (choices: Choice[]) => unknown, settings: object = {}): Promise<unknown> {
  const url = await http((request, response) => {
    request.resume();
    response.end(JSON.stringify({ choices: change(choices()) }));
  });
  return vllmServer(at(url, settings), 'm').judge(IDS.map((ids) => ({ ids, from: 1 })));
}
const changed = (to: Record<string, { logprob: number | null }>) => ([first, ...rest]: Choice[]): Choice[] => [{ ...first!, prompt_logprobs: [null, to, place(6)] }, ...rest];

it('reads choices in whatever order they come', async () => {
  expect(await judge((given) => given.reverse())).toMatchObject([[{ written: { id: 5 } }, { written: { id: 6 } }], [{ written: { id: 8 } }, { written: { id: 9 } }]]);
});

it.each<[string, (choices: Choice[]) => unknown, RegExp]>([
  ['about another text', (given) => given.map((choice, index) => ({ ...choice, index: 1 - index })), /without the token that is written at a place/],
  ['about another text, as it says itself', (given) => given.map((choice) => ({ ...choice, prompt_token_ids: [1, 2, 3] })), /about another text than the one that it was asked about/],
  ['about fewer texts', (given) => given.slice(1), /about fewer texts/],
  ['about fewer tokens', (given) => given.map((choice) => ({ ...choice, prompt_logprobs: choice.prompt_logprobs.slice(1) })), /for 2 tokens of a text of 3/],
  ['with probabilities over 1', changed({ 5: { logprob: 0 }, 0: { logprob: 0 }, 1: { logprob: 0 } }), /with probabilities that are none/],
  ['with nothing but null', changed({ 5: { logprob: null }, 0: { logprob: null }, 1: { logprob: null } }), /with probabilities that are none/],
  ['with fewer tokens than it was asked for', changed({ 5: { logprob: -1 }, 0: { logprob: -2 } }), /tells 2 of the likeliest tokens of a place, and 3 were asked for/],
  ['with ids that are none', changed({ '-5': { logprob: -1 }, 5: { logprob: -2 }, 0: { logprob: -3 } }), /without choices that can be read/],
])('refuses an answer %s', async (_, change, said) => {
  expect((await told(judge(change))).message).toMatch(said);
});

it('takes a place of which all is told that there is', async () => {
  await expect(judge(changed({ 5: { logprob: Math.log(0.75) }, 0: { logprob: Math.log(0.25) } }))).resolves.toBeTruthy();
});

it.each<[string, (meta: Record<string, unknown>) => Record<string, unknown>, RegExp]>([
  ['about another text', (meta) => ({ ...meta, input_token_logprobs: [[null, 4, null], [-1, 8, null], [-1, 9, null]] }), /about another text/],
  ['that tells a token twice', (meta) => ({ ...meta, input_top_logprobs: [null, [[-1, 5, null], [-1, 5, null], [-2, 0, null]], null] }), /count a token twice/],
  ['with ids below nothing', (meta) => ({ ...meta, input_top_logprobs: [null, [[-1, 5, null], [-1, -5, null], [-2, 0, null]], null] }), /cannot be read/],
  ['without a place', (meta) => ({ ...meta, input_top_logprobs: [null, null, null] }), /without the likeliest tokens of a place/],
])('refuses an answer of SGLang %s', async (_, change, said) => {
  const meta = { input_token_logprobs: [[null, 4, null], [-1, 5, null], [-1, 6, null]], input_top_logprobs: [null, [[-1, 5, null], [-1.5, 0, null], [-2, 1, null]], [[-1, 6, null], [-1.5, 0, null], [-2, 1, null]]] };
  const url = await http((request, response) => {
    request.resume();
    response.end(JSON.stringify([{ text: '', meta_info: change(meta) }]));
  });
  expect((await told(sglangServer(at(url)).judge([{ ids: IDS[0]!, from: 1 }]))).message).toMatch(said);
});
