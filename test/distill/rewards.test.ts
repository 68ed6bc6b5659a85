import { existsSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { rewardSchema } from '../../src-main/contract/reward.ts';
import { makeReward } from '../../src-main/distill/rewards/make-reward.ts';
import type { Reward, RewardedText } from '../../src-main/distill/rewards/reward.ts';
import { encodePair } from '../../src-main/text/tokenizer/text-pair.ts';
import { loadTokenizer } from '../../src-main/text/tokenizer/tokenizer.ts';

const text = (completion: string, reference: string | null = null, prompt = 'p', row = {}): RewardedText => ({ prompt, completion, reference, row });
const open: Reward[] = [];

async function reward(settings: unknown): Promise<Reward> {
  const made = await makeReward(rewardSchema.parse(settings), 1);
  open.push(made);
  return made;
}

async function values(settings: unknown, texts: RewardedText[]): Promise<number[]> {
  return [...await (await reward(settings)).score(texts)];
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((made) => made.release()));
});

describe('rewards of the text', () => {
  it('compare exactly, but for white space', async () => {
    expect(await values({ kind: 'exact' }, [text(' a  b', 'a b'), text('a c', 'a b')])).toEqual([1, 0]);
  });

  it('compare numbers', async () => {
    expect(await values({ kind: 'numeric' }, [text('so 1,200 it is', '#### 1200'), text('12 and 13', '#### 12'), text('none', '12')])).toEqual([1, 0, 0]);
    expect(await values({ kind: 'numeric', numberPattern: 'answer is (\\S+)', tolerance: 0.5 }, [text('the answer is 12.4, not 3', '12'), text('12', '12')])).toEqual([1, 0]);
    await expect(values({ kind: 'numeric' }, [text('1', 'one')])).rejects.toThrow(/"one" has no number/);
  });

  it('match a pattern', async () => {
    expect(await values({ kind: 'regex', pattern: '^sum', ignoreCase: true }, [text('Summary'), text('A sum')])).toEqual([1, 0]);
    expect(rewardSchema.safeParse({ kind: 'regex', pattern: '(' }).error?.issues[0]).toMatchObject({ path: ['pattern'] });
  });

  it('measure overlap', async () => {
    const [same, none, half] = await values({ kind: 'rouge', variant: 'rouge1' }, [text('the cat', 'the cat'), text('dog', 'cat'), text('the dog', 'the cat')]);
    expect([same, none, half]).toEqual([1, 0, 0.5]);
  });

  it('say that a reference is missing', async () => {
    await expect(values({ kind: 'exact' }, [text('a')])).rejects.toMatchObject({ hint: 'Give data.completion.' });
  });
});

describe('the entailment reward', () => {
  const fixtures = join(import.meta.dirname, '../fixtures/classifiers');
  interface Reference { limit: number; ids: number[][]; probabilities: number[][] }
  const reference = async (): Promise<{ pairs: [string, string][] } & Record<string, Reference>> =>
    JSON.parse(await readFile(join(fixtures, 'reference.json'), 'utf8')) as never;

  it.each([['bert', 1, undefined], ['roberta', 2, undefined], ['roberta', 0, 'CONTRADICTION'], ['deberta', 0, 'LABEL_0']])(
    'is Transformers\' probability: %s, label %i', async (kind, at, label) => {
      const { pairs, [kind]: wanted } = await reference();
      const tokenizer = await loadTokenizer(join(fixtures, kind));
      expect(pairs.map(([first, second]) => encodePair(tokenizer, first, second, wanted!.limit).ids)).toEqual(wanted!.ids);
      const given = await values({ kind: 'entailment', model: join(fixtures, kind), ...(label !== undefined && { label }) },
        pairs.map(([prompt, completion]) => text(completion, null, prompt)));
      given.forEach((value, row) => { expect(value).toBeCloseTo(wanted!.probabilities[row]![at]!, 5); });
    });

  it('fills premise and hypothesis from columns', async () => {
    const { pairs, bert } = await reference();
    const [premise, hypothesis] = pairs[0]!;
    const given = await values({ kind: 'entailment', model: join(fixtures, 'bert'), premise: '{{doc.text}}', hypothesis: '{{completion}}' },
      [text(hypothesis, null, 'Summarize: …', { doc: { text: premise }, completion: 'not this' })]);
    expect(given[0]).toBeCloseTo(bert!.probabilities[0]![1]!, 5);
  });

  it('says which labels there are', async () => {
    await expect(reward({ kind: 'entailment', model: join(fixtures, 'deberta') })).rejects.toMatchObject({ hint: expect.stringContaining('LABEL_0') });
    await expect(reward({ kind: 'entailment', model: join(fixtures, 'bert'), label: 'yes' })).rejects.toThrow(/no label "yes"/);
    await expect(reward({ kind: 'entailment', model: fixtures })).rejects.toThrow(/no config.json/);
  });
});

describe('a classification model that cannot be run is told in one sentence', () => {
  const from = join(import.meta.dirname, '../fixtures/classifiers/bert');
  const whole = (): Promise<Buffer> => readFile(join(from, 'model.onnx'));
  it.each([
    ['empty', async () => Buffer.alloc(0), /model\.onnx is no ONNX model, or is cut off\.$/],
    ['a pointer of git LFS', async () => Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 12\n'), /is no ONNX model, or is cut off\.$/],
    ['cut', async () => (await whole()).subarray(0, 3000), /is no ONNX model, or is cut off\.$/],
    ['of another time', async () => { const bytes = await whole(); bytes[1] = 99; return bytes; }, /is written in a version of ONNX that ONNX Runtime does not read here\.$/],
    ['with a changed name', async () => Buffer.from((await whole()).toString('latin1').replace('onnx::Slice_48', 'onnx::Slice_49'), 'latin1'), /is damaged, or needs what ONNX Runtime does not have here\.$/],
  ])('%s', async (_, content, message) => {
    const folder = await mkdtemp(join(tmpdir(), 'retort-classifier-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    await cp(from, folder, { recursive: true });
    await writeFile(join(folder, 'model.onnx'), await content());
    const refused: unknown = await reward({ kind: 'entailment', model: folder }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ name: 'Problem', kind: 'input', message: expect.stringMatching(message) });
  });
});

describe('the command reward', () => {
  const program = (code: string, more = {}): object => ({ kind: 'command', command: [process.execPath, '-e', code], ...more });
  const LINES = 'require("readline").createInterface({ input: process.stdin }).on("line", (line) =>';

  it('asks one program again and again, a line an example', async () => {
    const counting = await reward(program(`let n = 0; ${LINES} { const { completion, row } = JSON.parse(line); n++; console.log(n % 2 ? completion.length + row.more : JSON.stringify({ reward: -n })); })`));
    expect([...await counting.score([text('abc', null, 'p', { more: 1 }), text('line\nbreak')])]).toEqual([4, -2]);
    expect([...await counting.score([])]).toEqual([]);
    expect([...await counting.score([text('', null, 'p', { more: 0.5 })])]).toEqual([0.5]);
  });

  it('takes batches larger than a pipe holds', async () => {
    const long = 'x'.repeat(200_000);
    const lengths = await values(program(`${LINES} console.log(JSON.parse(line).completion.length))`), [text(long), text(long), text('y')]);
    expect(lengths).toEqual([200_000, 200_000, 1]);
  });

  it('says why it failed', async () => {
    await expect(reward({ kind: 'command', command: ['retort-no-such-program'] })).rejects.toThrow(/cannot be started: .*ENOENT/);
    await expect(values(program('process.stdin.once("data", () => { console.error("no model here"); process.exit(3); })'), [text('a')]))
      .rejects.toThrow(/ended with code 3\. It said: no model here/);
    await expect(values(program(`${LINES} console.log("hello"))`), [text('a')])).rejects.toThrow(/wrote "hello", which is no reward/);
    await expect(values(program(`${LINES} console.log("null"))`), [text('a')])).rejects.toThrow(/no reward/);
    await expect(values(program(`${LINES} console.log(JSON.stringify({ reward: "5" })))`), [text('a')])).rejects.toThrow(/"5" for example 1 of 1/);
  });

  it('does not wait for ever, and leaves nothing behind', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'retort-reward-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const spoken = join(folder, 'spoken');
    const slow = await reward(program(`console.error(process.pid); require("fs").writeFileSync(${JSON.stringify(spoken)}, ""); setInterval(() => {}, 1000)`, { timeoutSeconds: 2 }));
    // Its start may take longer than that.
    await expect.poll(() => existsSync(spoken)).toBe(true);
    const problem = await slow.score([text('a')]).catch((error: unknown) => error as Error);
    expect(String(problem)).toMatch(/answered 0 of 1 lines within 2 seconds/);
    await slow.release();
    const pid = Number(/It said: (\d+)/.exec(String(problem))?.[1]);
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
    await expect(slow.score([text('a')])).rejects.toThrow(/within 2 seconds/);
  });
});

describe('the http reward', () => {
  let server: Server | undefined;
  afterEach(() => { server?.closeAllConnections(); server?.close(); });
  async function service(listener: RequestListener): Promise<string> {
    server = createServer(listener);
    await new Promise<void>((resolve) => { server!.listen(0, '127.0.0.1', resolve); });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/score`;
  }
  const answering = (status: number, body: string, headers = {}): RequestListener => (_request, response) => { response.writeHead(status, headers).end(body); };

  it('posts a batch and takes its values', async () => {
    const url = await service((request, response) => {
      let body = '';
      request.on('data', (part) => { body += String(part); }).on('end', () => {
        const { examples } = JSON.parse(body) as { examples: RewardedText[] };
        response.end(JSON.stringify({ rewards: examples.map(({ completion, reference }) => completion.length - (reference?.length ?? 0)) }));
      });
    });
    expect(await values({ kind: 'http', url }, [text('abc', 'a'), text('größe')])).toEqual([2, 5]);
  });

  it.each<[RequestListener, RegExp, number?]>([
    [answering(500, 'out of memory'), /status 500: out of memory/],
    [answering(200, '{"values": []}'), /answered \{"values": \[\]\}/],
    [answering(200, '[1, 2]'), /gave 2 values for 1 examples/],
    [answering(200, '[null]'), /gave null for example 1/],
    [answering(302, '', { location: 'http://example.com/' }), /cannot be asked/],
    [() => undefined, /no answer within 0.3 seconds/, 0.3],
  ])('says what went wrong (%#)', async (listener, message, timeoutSeconds = 60) => {
    const url = await service(listener);
    await expect(values({ kind: 'http', url, timeoutSeconds }, [text('a')])).rejects.toThrow(message);
  });

  it('asks nobody but this machine unless it may', async () => {
    for (const url of ['http://example.com/', 'http://localhost.example.com/', 'http://127.0.0.1.example.com/', 'http://user@10.0.0.1/']) {
      expect(rewardSchema.safeParse({ kind: 'http', url }).error?.issues[0]).toMatchObject({ path: ['url'] });
      expect(rewardSchema.safeParse({ kind: 'http', url, allowRemote: true }).success).toBe(true);
    }
    for (const url of ['http://localhost:8000/', 'http://127.0.0.2/', 'https://[::1]:80/x']) expect(rewardSchema.safeParse({ kind: 'http', url }).success).toBe(true);
    expect(rewardSchema.safeParse({ kind: 'http', url: 'file:///etc/passwd' }).success).toBe(false);
    await expect(values({ kind: 'http', url: 'http://127.0.0.1:1/' }, [text('a')])).rejects.toThrow(/cannot be asked/);
  });
});

describe('a pattern without end', () => {
  it.each([{ kind: 'regex', pattern: '^(1+)+$' }, { kind: 'numeric', numberPattern: '^(1+)+$' }])('is stopped and named: %j', async (settings) => {
    const field = `method.reward.${Object.keys(settings)[1]}`;
    await expect(values(settings, [text('x', '1'), text(`${'1'.repeat(60)}x`, '1')])).rejects.toThrow(`The pattern of ${field}, "^(1+)+$", took longer than 2 seconds on the text "1111`);
  });
});
