import { describe, expect, it } from 'vitest';
import { CollapseGuard } from '../../src-main/distill/collapse-guard.ts';
import { stepMetrics } from '../store/fixtures.ts';

const varied = { tokens: Array.from({ length: 12 }, (_, at) => at) };
const loop = { tokens: Array.from({ length: 12 }, (_, at) => at % 2) };

/** Twenty sound steps, then as many of the given kind: the warnings' codes. */
function codes(changes: Parameters<typeof stepMetrics>[1], rollout = varied): string[] {
  const guard = new CollapseGuard();
  const healthy = { rolloutLength: 12, rolloutEosRate: 0.9, studentEntropy: 1, teacherEntropy: 1 };
  const found: string[] = [];
  for (let step = 1; step <= 80; step++) {
    const [metrics, text] = step <= 20 ? [stepMetrics(step, healthy), varied] : [stepMetrics(step, { ...healthy, ...changes }), rollout];
    found.push(...guard.watch(metrics, [text]).map(({ code }) => code));
  }
  return found;
}

describe('the collapse guard', () => {
  it('says nothing of a run that goes on as it began', () => expect(codes({})).toEqual([]));
  it('says each sign once', () => {
    expect(codes({}, loop)).toEqual(['repetition']);
    expect(codes({ rolloutLength: 40 })).toEqual(['length']);
    expect(codes({ rolloutEosRate: 0 })).toEqual(['eos']);
    expect(codes({ studentEntropy: 0.01 })).toEqual(['entropy']);
  });
  it('is not alarmed by a student as sure as its teacher', () => expect(codes({ studentEntropy: 0.01, teacherEntropy: 0.012 })).toEqual([]));
  it('ignores steps in which the student wrote nothing', () => {
    const guard = new CollapseGuard();
    for (let step = 1; step < 100; step++) expect(guard.watch(stepMetrics(step, { rolloutLength: null, rolloutEosRate: null }), [])).toEqual([]);
  });
  it('warns again after the sign was gone', () => {
    const guard = new CollapseGuard();
    const at = (step: number) => (step > 40 && step < 80) || step > 120;
    const found: number[] = [];
    for (let step = 1; step <= 160; step++) {
      if (guard.watch(stepMetrics(step, { rolloutLength: 12, rolloutEosRate: at(step) ? 0 : 0.9, studentEntropy: 1, teacherEntropy: 1 }), [varied]).length > 0) found.push(step);
    }
    expect(found).toHaveLength(2);
  });
});
