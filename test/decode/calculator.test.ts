import { afterAll, describe, expect, it, test } from 'vitest';
import { calculator, canAnnotate, type Spelling } from '../../src-main/decode/calculator/calculator.ts';
import { choiceOf } from '../../src-main/decode/choose.ts';
import { decodeGraph } from '../../src-main/decode/decode-graph.ts';
import { generate } from '../../src-main/decode/generate.ts';
import type { Completion, Prompt } from '../../src-main/decode/writing.ts';
import { HostEngine } from '../../src-main/decode/host-engine.ts';
import type { LogitsProcessor } from '../../src-main/decode/processors.ts';
import type { TokenSampling } from '../../src-main/decode/sampling.ts';
import { layOut } from '../../src-main/distill/batch.ts';
import { FrozenModel } from '../../src-main/distill/frozen-model.ts';
import { Judge } from '../../src-main/distill/judge.ts';
import { loadTokenizer } from '../../src-main/text/tokenizer/tokenizer.ts';
import { buildDecoder } from '../../src-main/nn/build.ts';
import { ortExecutor } from '../../src-main/runtime/ort/executor.ts';
import { asInitializers } from '../../src-main/runtime/weights.ts';
import { spellingOf } from '../../src-main/checks/calculator.ts';
import { randomWeights, tinyLlama } from '../support/tiny-models.ts';

/** Each id is a character, as in the sample project. */
const CHARACTERS = '0123456789+-*/()=<>.,%# abcdefghijklmnopqrstuvwxyzABC';
const letters: Spelling = {
  decode: (ids) => ids.map((id) => CHARACTERS[id]).join(''),
  encode: (text) => Array.from(text, (character) => CHARACTERS.indexOf(character)),
};

describe('where a text has come to an annotation', () => {
  const goOn = (text: string, spelling: Spelling = letters): string => {
    const guide = calculator(spelling)();
    let forced: readonly number[] = [];
    for (const id of spelling.encode(text)) forced = guide(id);
    return spelling.decode(forced);
  };

  test.each([
    ['<<48/2=', '24>>'], ['so 48/2 = <<48/2=', '24>>'], ['<<1/0= <<3*5=', '15>>'], ['<<2.5*3=', '7.5>>'], ['<<2,000-1=', '1999>>'], ['<<5 + 5 =', '10>>'],
    ['48/2=', ''], ['<48/2=', ''], ['<<48/2', ''], ['<<48/2=24', ''], ['<<48/2=24=', ''], ['<<48/0=', ''], ['<<a+b=', ''], ['<<=', ''], ['<<48/2>>=', ''], ['<<1+1= ', ''],
  ])('%j goes on %j', (text, more) => { expect(goOn(text)).toBe(more); });

  it('follows what it has said itself', () => {
    const guide = calculator(letters)();
    const say = (text: string): string => letters.decode(letters.encode(text).flatMap((id) => [...guide(id)]));
    expect(say('<<1+1=')).toBe('2>>');
    expect(say('2 and <<2*4=')).toBe('8>>');
  });

  it.each(['llama', 'gpt2', 'qwen2'])('spells results in the tokens of %s', async (name) => {
    const spelling = spellingOf(await loadTokenizer(`test/fixtures/model-folders/${name}`));
    expect(canAnnotate(spelling)).toBe(true);
    for (const [expression, result] of [['48/2', '24'], ['2.5*3', '7.5'], ['3-10', '-7'], ['1000*1000', '1000000']]) {
      const text = `It is <<${expression}=`;
      const guide = calculator(spelling)();
      const written = spelling.encode(text);
      const forced = written.map((id) => guide(id)).at(-1)!;
      expect(spelling.decode([...written, ...forced])).toBe(`${text}${result}>>`);
    }
  });

  it('knows a tokenizer without its characters', async () => {
    expect(canAnnotate(spellingOf(await loadTokenizer('test/fixtures/t5-tokenizer')))).toBe(false);
  });
});

describe('while a model writes', () => {
  const executor = ortExecutor('cpu', 1);
  const config = tinyLlama({ vocabSize: CHARACTERS.length });
  const weights = randomWeights(config, 11);
  const open: { release(): Promise<void> }[] = [];
  afterAll(() => Promise.all(open.map((item) => item.release())));

  const PLANS = ['so <<48/2=', '<<1+2*3=', '<<7/0=', 'a<<90-1,000=', 'no sums here'];
  /** A prompt's first token says which plan is its own. */
  const prompts = PLANS.map((_, id): Prompt => ({ id, tokens: Int32Array.from([id, ...letters.encode('abcdef'.slice(0, id + 1))]) }));
  /** Makes a model write its plan first; what comes then is its own. */
  const plant: LogitsProcessor = (logits, tokens) => {
    const { id, tokens: { length } } = prompts[tokens[0]!]!;
    const wanted = PLANS[id]![tokens.length - length];
    if (wanted !== undefined) logits.fill(-Infinity).fill(0, CHARACTERS.indexOf(wanted), CHARACTERS.indexOf(wanted) + 1);
  };
  const uniform = (prompt: number, step: number): number => ((prompt * 7 + step * 13 + 5) % 31) / 31;
  const samplings: TokenSampling[] = [{ strategy: 'greedy', processors: [plant] }, { strategy: 'sample', temperature: 0.8, uniform, processors: [plant] }];

  async function write(sampling: TokenSampling, some: readonly Prompt[], guided = true): Promise<Completion[]> {
    const decoder = buildDecoder(config);
    const { placement, initializers } = asInitializers(weights);
    const program = await executor.compile(decodeGraph(decoder, { choice: choiceOf(sampling), vocabulary: config.vocabSize, maxLength: 60 }, placement), { initializers });
    open.push(program);
    return generate(new HostEngine({ decode: program, source: null }, decoder), some, { maxNewTokens: 24, eos: new Set(), sampling, ...(guided && { guide: calculator(letters) }) });
  }
  const textOf = ({ tokens }: Completion): string => letters.decode([...tokens]);

  it.each(samplings)('by $strategy, it forces results and leaves all else alone', async (sampling) => {
    const [own, guided] = [await write(sampling, prompts, false), await write(sampling, prompts)];
    expect(guided.map(textOf).map((text, at) => text.slice(0, PLANS[at]!.length + 6))).toEqual([
      expect.stringMatching(/^so <<48\/2=24>>/), expect.stringMatching(/^<<1\+2\*3=7>>/), expect.stringMatching(/^<<7\/0=/), expect.stringMatching(/^a<<90-1,000=-910>>/), expect.stringMatching(/^no sums here/),
    ]);
    expect([guided[2], guided[4]]).toEqual([own[2], own[4]]);
    expect(guided[0]).not.toEqual(own[0]);
    // Alone or in a batch, a text is the same.
    for (const [at, prompt] of prompts.entries()) expect((await write(sampling, [prompt]))[0]).toEqual(guided[at]);
  });

  it('goes on as the uncached model does behind the forced tokens', async () => {
    const texts = await write(samplings[0]!, prompts);
    const model = new FrozenModel(executor, buildDecoder(config), weights);
    const judge = new Judge(executor, model, null,
      { divergence: 'cross_entropy', beta: 0.5, normalizeBeta: false, lossTemperature: 1, sharedVocabulary: config.vocabSize, chunk: 64, top: 1 });
    open.push(model, judge);
    for (const [at, result] of ['24>>', '7>>', null, '-910>>'].entries()) {
      if (result === null) continue;
      const [batch] = layOut([{ index: 0, prompt: prompts[at]!.tokens, completion: texts[at]!.tokens, isOnPolicy: true }], 1, 'sequence', null);
      const { studentTopIds } = await judge.judge(batch!);
      const from = PLANS[at]!.length + result.length;
      expect(from).toBeLessThan(24);
      for (let position = from; position < 24; position++) expect((studentTopIds as BigInt64Array)[position]).toBe(BigInt(texts[at]!.tokens[position]!));
    }
  });
});
