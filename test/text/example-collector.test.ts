import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toJson } from '../../src-main/contract/exact-number.ts';
import { parseExactly } from '../../src-main/data/exact-json.ts';
import { ExampleCollector } from '../../src-main/text/example-collector.ts';
import type { EncodedExample } from '../../src-main/text/encoded-example.ts';
import { allLengths, eachExample, subset } from '../../src-main/text/example-set.ts';

const tokens = fc.array(fc.integer({ min: 0, max: 2 ** 31 - 1 }), { maxLength: 40 }).map((ids) => Int32Array.from(ids));
const text = fc.string({ unit: 'grapheme', maxLength: 60 });
const example = fc.record({
  row: fc.constantFrom('{"a":1.0,"b":{"c":[12345678901234567890,null]}}', '{"__proto__":"x","n":0.10}', '{}').map((json) => parseExactly(json) as Record<string, unknown>),
  promptText: text, inputText: text, completionText: fc.option(text), shotTokens: fc.nat(),
  turns: fc.option(fc.constant('user' as const).map((role) => [{ role, content: 'Grüße 1.0' }])),
  prompt: tokens, context: tokens, completion: tokens, learned: fc.option(fc.uint8Array({ maxLength: 40 })),
  isMoved: fc.boolean(), notes: fc.record({ isMoved: fc.boolean(), opening: fc.option(fc.constant({ asked: '<think>', written: '' })), ignored: fc.subarray(['name', 'tools']), missed: fc.option(fc.constant('?')) }), cut: fc.nat(9),
}).map(({ cut, ...rest }) => ({ ...rest, promptLength: rest.prompt.length + cut, completionLength: rest.completion.length }));

function setOf(examples: readonly EncodedExample[], mostBytes: number): ReturnType<ExampleCollector['set']> {
  const collector = new ExampleCollector(mostBytes);
  for (const one of examples) collector.add(one);
  return collector.set();
}

test('examples on the disk are those in memory, whatever order they are read in', async () => {
  await fc.assert(fc.asyncProperty(fc.array(example, { minLength: 1, maxLength: 30 }), fc.array(fc.nat()), fc.integer({ min: 0, max: 40_000 }), async (made, picks, mostBytes) => {
    const examples = made.map((one, index): EncodedExample => ({ index, ...one }));
    const [memory, disk] = [setOf(examples, Infinity), setOf(examples, mostBytes)];
    const places = picks.map((pick) => pick % examples.length);
    expect(disk.count).toBe(examples.length);
    expect(await disk.read(places)).toEqual(await memory.read(places));
    expect(disk.notes).toEqual(memory.notes);
    expect([...allLengths(disk)]).toEqual([...allLengths(memory)]);
    expect((await disk.read([0])).map(({ row }) => toJson(row))).toEqual((await memory.read([0])).map(({ row }) => toJson(row)));
    expect(await subset(disk, places).read(places.map((_, at) => at))).toEqual(places.map((place) => examples[place]));
  }), { numRuns: 60 });
});

test('an example larger than what is written at once', async () => {
  const examples = [10, 3 * 2 ** 20, 5].map((length, index): EncodedExample => ({
    index, row: { a: 'x'.repeat(length) }, promptText: '', inputText: '', shotTokens: 0, completionText: null, turns: null,
    prompt: Int32Array.of(index), context: Int32Array.of(index), completion: new Int32Array(), learned: null, promptLength: 1, completionLength: 0,
    isMoved: false, notes: { isMoved: false, opening: null, ignored: [], missed: null },
  }));
  const found: EncodedExample[] = [];
  for await (const one of eachExample(setOf(examples, 0))) found.push(one);
  expect(found).toEqual(examples);
});
