import { describe, expect, it } from 'vitest';
import { within } from '../../src-main/bounds/within.ts';
import { Problem } from '../../src-main/contract/problem.ts';

const late = (): Problem => new Problem('too slow');

describe('work within a time', () => {
  it('gives its result or its own error', () => {
    expect(within(5, () => 3, late)).toBe(3);
    expect(() => within(5, () => { throw new TypeError('mine'); }, late)).toThrow(TypeError);
  });

  it.each([
    ['a regular expression', () => /^(1+)+$/.test(`${'1'.repeat(60)}x`)],
    ['a loop', () => { while (Date.now() > 0); }],
  ] as [string, () => unknown][])('stops %s without end, and can be asked again', (_, work) => {
    expect(() => within(0.2, work, late)).toThrow('too slow');
    expect(within(5, () => within(5, () => 1, late) + 1, late)).toBe(2);
  });
});
