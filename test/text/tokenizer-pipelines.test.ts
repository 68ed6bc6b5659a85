import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src-main/files/json-object.ts';
import { Pipeline } from '../../src-main/text/tokenizer/pipeline/pipeline.ts';

interface Case {
  text: string; other: string; ids: number[]; plain: number[]; pair: [number[], number[]]; plainPair: [number[], number[]];
  written: number[]; decoded: string | null; skipped: string | null;
}
interface Drawn { tokenizer: JsonObject; cases: Case[] }

/** What Retort makes of a case's texts, in the form of the case. */
function told(pipeline: Pipeline, { text, other, written, decoded, skipped }: Case): Case {
  const pair = (special: boolean): [number[], number[]] => {
    const { ids, types } = pipeline.encode([text, other], special);
    return [ids, types];
  };
  return {
    text, other, ids: pipeline.encode([text], true).ids, plain: pipeline.encode([text], false).ids, pair: pair(true), plainPair: pair(false),
    written, decoded: decoded === null ? null : pipeline.decode(written, false), skipped: skipped === null ? null : pipeline.decode(written, true),
  };
}

/** The library cuts every text to characters at an added token of which nothing is left; of two that become the same it takes either. */
const AMBIGUOUS = /added_tokens has .*, (of which the normalizer leaves nothing|which the normalizer makes the same)/;

/** How many were refused, for that one reason; the rest must be equal. */
function refusedOf(drawn: readonly Drawn[]): number {
  return drawn.filter(({ tokenizer, cases }) => {
    let pipeline: Pipeline;
    try {
      pipeline = new Pipeline(tokenizer, 'tokenizer.json');
    } catch (error) {
      expect((error as Error).message).toMatch(AMBIGUOUS);
      return true;
    }
    expect(cases.map((each) => told(pipeline, each))).toEqual(cases);
    return false;
  }).length;
}

const PYTHON = process.env['PEERS_PYTHON'];

describe('a tokenizer of parts drawn at random', () => {
  const drawn = JSON.parse(readFileSync('test/fixtures/tokenizers/pipelines.json', 'utf8')) as Drawn[];

  it.each(drawn.map((each, at) => ({ at, each })))('writes and reads texts as the tokenizers library does: $at', ({ each }) => {
    refusedOf([each]);
  });

  it('is refused seldom', () => {
    expect(refusedOf(drawn)).toBeLessThan(drawn.length / 10);
  });

  it.skipIf(!PYTHON)('does so for hundreds more (PEERS_PYTHON)', () => {
    const seed = String(Date.now() % 100_000);
    const text = execFileSync(PYTHON!, ['test/fixtures/make/tokenizer_pipelines.py', '200', seed], { encoding: 'utf8', maxBuffer: 2 ** 28, stdio: ['ignore', 'pipe', 'ignore'] });
    const more = JSON.parse(text) as Drawn[];
    expect(refusedOf(more), `seed ${seed}`).toBeLessThan(more.length / 10);
  });
});
