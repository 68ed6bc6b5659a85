import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { layOut } from '../../src-main/distill/batch.ts';
import { FrozenModel } from '../../src-main/distill/frozen-model.ts';
import { executorFor, openWeights, openWholeModel, type Model } from '../../src-main/model/load-model.ts';
import { writeOnnx } from '../../src-main/graph/onnx/write.ts';
import { Graph } from '../../src-main/graph/value.ts';
import type { Program } from '../../src-main/runtime/program.ts';
import { asInputs } from '../../src-main/runtime/weights.ts';

/** Instead of an answer: another one, one that breaks off, none at all, or a closed connection. */
export type Fault = { status: number; body?: unknown; headers?: Record<string, string> } | 'cut' | 'silence' | 'reset' | null;

/** A request as the server got it. */
export interface Got { path: string; body: Record<string, unknown>; key: string | undefined }

interface Place { id: number; logprob: number }

/** A server that speaks vLLM's, SGLang's and the chat protocol over one of our own models. */
export class TokenServer {
  readonly got: Got[] = [];
  /** Asked before every answer. */
  fault: (request: Got) => Fault = () => null;
  readonly contextLength = 96;
  private model: Model;
  private frozen: FrozenModel;
  private head: Program;
  private server: Server | null = null;
  private port = 0;
  private computing: Promise<unknown> = Promise.resolve();

  private constructor(model: Model, frozen: FrozenModel, head: Program) {
    this.model = model;
    this.frozen = frozen;
    this.head = head;
  }

  static async over(folder: string): Promise<TokenServer> {
    const { model, frozen, head } = await opened(folder);
    const server = new TokenServer(model, frozen, head);
    await server.start();
    return server;
  }

  /** Has another model from now on, under the name of the one before. */
  async become(folder: string): Promise<void> {
    const before = [this.frozen, this.head];
    Object.assign(this, await opened(folder));
    for (const part of before) await part.release();
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Comes up, where it was before if it was. */
  async start(): Promise<void> {
    this.server = createServer((request, response) => {
      void this.answer(request, response).catch((error: unknown) => {
        response.statusCode = 500;
        response.end(String(error));
      });
    });
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = (this.server.address() as AddressInfo).port;
  }

  /** As if it were killed. */
  async stop(): Promise<void> {
    const { server } = this;
    this.server = null;
    server?.closeAllConnections();
    await new Promise<void>((resolve) => { if (server) server.close(() => resolve()); else resolve(); });
  }

  async close(): Promise<void> {
    await this.stop();
    await this.frozen.release();
    await this.head.release();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const got: Got = { path: request.url ?? '', body: text === '' ? {} : JSON.parse(text) as Record<string, unknown>, key: request.headers.authorization };
    this.got.push(got);
    const fault = this.fault(got);
    if (fault === 'silence') return;
    if (fault === 'reset') {
      request.socket.destroy();
      return;
    }
    if (fault !== null && fault !== 'cut') return send(response, fault.status, fault.body ?? {}, fault.headers);
    const { status, body } = await this.reply(got);
    if (fault !== 'cut') return send(response, status, body);
    const whole = JSON.stringify(body);
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': whole.length });
    response.write(whole.slice(0, whole.length / 2));
    setImmediate(() => request.socket.destroy());
  }

  private async reply({ path, body }: Got): Promise<{ status: number; body: unknown }> {
    const { tokenizer } = this.model;
    switch (path) {
      case '/v1/models': return { status: 200, body: { object: 'list', data: [{ id: 'teacher', object: 'model', max_model_len: this.contextLength }] } };
      case '/tokenize': return { status: 200, body: { tokens: tokenizer.encode(body['prompt'] as string, { special: false }) } };
      case '/v1/completions': return body['prompt_logprobs'] === undefined ? this.write(body) : this.judge(body);
      case '/generate': return (body['top_logprobs_num'] === undefined ? this.generate(body) : this.score(body));
      case '/v1/chat/completions': {
        const messages = body['messages'] as { content: string }[];
        const prompt = tokenizer.encode(messages.at(-1)!.content, { special: true });
        const tokens = await this.greedy(prompt, Number(body['max_tokens']), [...tokenizer.eosIds]);
        return { status: 200, body: { choices: [{ message: { role: 'assistant', content: tokenizer.decode(tokens, { skipSpecial: true }) }, finish_reason: tokenizer.eosIds.includes(tokens.at(-1)!) ? 'stop' : 'length' }] } };
      }
      default: return { status: 404, body: { detail: 'Not Found' } };
    }
  }

  private async judge(body: Record<string, unknown>): Promise<{ status: number; body: unknown }> {
    if (body['model'] !== 'teacher') return { status: 404, body: { error: { message: `The model \`${String(body['model'])}\` does not exist.` } } };
    const count = Number(body['prompt_logprobs']);
    // Where it is asked for more tokens than there are, vLLM 0.32 dies.
    if (count > this.frozen.decoder.vocabSize) throw new Error('selected index k out of range');
    const choices = [];
    for (const [index, ids] of (body['prompt'] as number[][]).entries()) {
      const places = (await this.logprobs(ids)).map((logprobs, at) => {
        const own = ids[at + 1]!;
        const told = [{ id: own, logprob: logprobs[own]! }, ...ranked(logprobs).slice(0, count)];
        return Object.fromEntries(told.map(({ id, logprob }) => [String(id), { logprob, rank: 1, decoded_token: '' }]));
      });
      choices.push({ index, text: '', finish_reason: 'length', prompt_logprobs: [null, ...places] });
    }
    return { status: 200, body: { choices: choices.reverse() } };
  }

  private async write(body: Record<string, unknown>): Promise<{ status: number; body: unknown }> {
    const choices = [];
    for (const [index, ids] of (body['prompt'] as number[][]).entries()) {
      const stop = body['stop_token_ids'] as number[];
      const tokens = await this.greedy(ids, Number(body['max_tokens']), stop);
      choices.push({ index, text: '', finish_reason: stop.includes(tokens.at(-1)!) ? 'stop' : 'length', token_ids: tokens });
    }
    return { status: 200, body: { choices } };
  }

  private async score(body: Record<string, unknown>): Promise<{ status: number; body: unknown }> {
    const answers = [];
    for (const [at, ids] of (body['input_ids'] as number[][]).entries()) {
      const [start, count] = [(body['logprob_start_len'] as number[])[at]!, (body['top_logprobs_num'] as number[])[at]!];
      const places = (await this.logprobs(ids)).slice(start);
      const own = ids.slice(start + 1).map((id, offset) => [places[offset]![id]!, id, null]);
      answers.push({ text: '', meta_info: {
        input_token_logprobs: [[null, ids[start]!, null], ...own],
        input_top_logprobs: [null, ...places.map((logprobs) => ranked(logprobs).slice(0, count).map(({ id, logprob }) => [logprob, id, null]))],
      } });
    }
    return { status: 200, body: answers };
  }

  private async generate(body: Record<string, unknown>): Promise<{ status: number; body: unknown }> {
    const settings = body['sampling_params'] as { max_new_tokens: number; stop_token_ids: number[] };
    const answers = [];
    for (const ids of body['input_ids'] as number[][]) {
      const tokens = await this.greedy(ids, settings.max_new_tokens, settings.stop_token_ids);
      answers.push({ text: '', output_ids: tokens, meta_info: { finish_reason: { type: settings.stop_token_ids.includes(tokens.at(-1)!) ? 'stop' : 'length' } } });
    }
    return { status: 200, body: answers };
  }

  private async greedy(prompt: readonly number[], maxTokens: number, stop: readonly number[]): Promise<number[]> {
    const written: number[] = [];
    while (written.length < maxTokens && !stop.includes(written.at(-1)!)) {
      // The last place of a text tells what follows it; the token asked about there does not matter.
      written.push(ranked((await this.logprobs([...prompt, ...written, 0])).at(-1)!)[0]!.id);
    }
    return written;
  }

  /** Of each token but the first, the log-probabilities of all that might have stood there. */
  private logprobs(ids: readonly number[]): Promise<number[][]> {
    const next = this.computing.then(async () => {
      const [batch] = layOut([{ index: 0, prompt: Int32Array.of(ids[0]!), completion: Int32Array.from(ids.slice(1)), isOnPolicy: false }], 1, 'token', null);
      const { logits } = await this.head.run({ hidden: await this.frozen.hidden(batch!), ...asInputs(this.frozen.weights, this.head.graph.parameters) });
      const width = this.frozen.decoder.vocabSize;
      return ids.slice(1).map((_, at) => {
        const row = Array.from((logits!.data as Float32Array).subarray(at * width, (at + 1) * width));
        const most = Math.max(...row);
        const total = most + Math.log(row.reduce((sum, logit) => sum + Math.exp(logit - most), 0));
        return row.map((logit) => Math.fround(logit - total));
      });
    });
    this.computing = next.catch(() => undefined);
    return next;
  }
}

async function opened(folder: string): Promise<{ model: Model; frozen: FrozenModel; head: Program }> {
  const model = await openWholeModel(folder);
  const executor = executorFor('cpu');
  const { decoder, weights } = await openWeights(model, executor);
  const hidden = new Graph().input('hidden', 'float32', ['positions', decoder.hiddenSize]);
  const head = await executor.compile(writeOnnx({ logits: decoder.logits(hidden) }, { weights: 'inputs' }));
  return { model, frozen: new FrozenModel(executor, decoder, weights), head };
}

const ranked = (logprobs: readonly number[]): Place[] => logprobs.map((logprob, id) => ({ id, logprob })).sort((a, b) => b.logprob - a.logprob);

function send(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}
