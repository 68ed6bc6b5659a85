import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { divergenceOf, fitDivergence, shareOnOneMode, TEACHER } from '../../src-renderer/recipe/divergence-fit.ts';

type Name = Parameters<typeof divergenceOf>[0];
interface Fixture { student: number[]; teacher: number[]; of: Record<string, { exact: number[] }> }
const { student, teacher, of } = JSON.parse(readFileSync('test/fixtures/engine/divergences.json', 'utf8')) as Fixture;
const [WIDTH, ROWS] = [37, 12];

function softmax(logits: readonly number[], row: number): number[] {
  const own = logits.slice(row * WIDTH, (row + 1) * WIDTH);
  const powers = own.map((logit) => Math.exp(logit - Math.max(...own)));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

it.each(Object.keys(of))('%s is what the engine is tested against', (key) => {
  const [name, beta] = key.split(' ') as [Name, string?];
  // The first two rows are so peaked that probabilities in double precision reach zero; the engine works on logarithms.
  for (let row = 2; row < ROWS; row++) {
    const value = divergenceOf(name, Number(beta ?? 0.5), softmax(teacher, row), softmax(student, row));
    expect(value).toBeCloseTo(of[key]!.exact[row]!, 6);
  }
});

describe('the fitted student', () => {
  const share = (name: Name, beta: number): number => shareOnOneMode(fitDivergence(name, beta));

  it('covers both modes under forward KL and settles on one under reverse KL', () => {
    expect(share('forward_kl', 0.5)).toBeLessThan(0.75);
    expect(share('reverse_kl', 0.5)).toBeGreaterThan(0.95);
  });

  it('does under jsd the one or the other by beta', () => {
    expect(share('jsd', 0.1)).toBeLessThan(0.75);
    expect(share('jsd', 0.9)).toBeGreaterThan(0.95);
    expect(share('jsd', 0.01)).toBeCloseTo(share('forward_kl', 0.5), 2);
    expect(share('jsd', 0.99)).toBeCloseTo(share('reverse_kl', 0.5), 2);
  });

  it('has under forward KL the teacher\'s own mean and width, as it must', () => {
    const { mean, deviation } = fitDivergence('forward_kl', 0.5);
    const grid = TEACHER.map((_, at) => -4 + (8 * at) / (TEACHER.length - 1));
    const average = TEACHER.reduce((sum, p, at) => sum + p * grid[at]!, 0);
    const variance = TEACHER.reduce((sum, p, at) => sum + p * (grid[at]! - average) ** 2, 0);
    expect(mean).toBeCloseTo(average, 1);
    expect(deviation).toBeCloseTo(Math.sqrt(variance), 1);
  });
});
