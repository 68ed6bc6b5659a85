import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BLOCK_FORMATS, typeName } from '../../src-main/model/gguf/dequantize/types.ts';

type Case = { blocks: string; values: string };
const cases = JSON.parse(readFileSync(new URL('../fixtures/model-gguf/blocks.json', import.meta.url), 'utf8')) as Record<string, Case>;

describe('the block formats of GGUF', () => {
  it.each(Object.entries(cases))('decodes %s to the bits of the reference', (name, { blocks, values }) => {
    const format = BLOCK_FORMATS[name]!;
    const bytes = Buffer.from(blocks, 'base64');
    const expected = Buffer.from(values, 'base64');
    const out = new Float32Array(bytes.length / format.bytes * format.elements);
    format.decode(bytes, out);
    expect(Buffer.from(out.buffer).equals(expected)).toBe(true);
  });

  it('covers every format it can read', () => {
    expect(Object.keys(cases).concat('F32', 'F16', 'BF16').sort()).toEqual(Object.keys(BLOCK_FORMATS).sort());
  });

  it('names types it cannot read', () => {
    expect([typeName(21), typeName(4)]).toEqual(['IQ3_S', 'type 4']);
  });
});
