import { describe, expect, it } from 'vitest';
import { readDriver, refuseOldDriver, type DriverCalls } from '../../src-main/devices/cuda-driver.ts';
import { cudaFacts } from '../../src-main/devices/probe.ts';

/** A driver with one card, but for what is given. */
function driver(calls: Partial<DriverCalls> = {}, cuda = 13000): DriverCalls {
  return {
    init: () => 0,
    version: (out) => { out[0] = cuda; return 0; },
    count: (out) => { out[0] = 1; return 0; },
    name: (text) => { new TextEncoder().encodeInto('NVIDIA H100 80GB HBM3\0', text); return 0; },
    memory: (out) => { out[0] = 85_017_755_648n; return 0; },
    attribute: (out, which) => { out[0] = which === 75 ? 9 : 0; return 0; },
    release: () => '580.82.07',
    ...calls,
  };
}

describe('NVIDIA\'s driver', () => {
  it('tells of its card, its version and the newest CUDA', () => {
    expect(readDriver(driver())).toEqual({ version: '580.82.07', cuda: 13, cards: [{ name: 'NVIDIA H100 80GB HBM3', memory: 85_017_755_648, capability: 9 }] });
    expect(readDriver(driver({}, 12040)).cuda).toBe(12.4);
  });

  it.each<[string, Partial<DriverCalls>, string]>([
    ['without a card', { init: () => 100 }, 'NVIDIA\'s driver finds no card on this machine.'],
    ['that hides its cards', { count: (out) => { out[0] = 0; return 0; } }, 'NVIDIA\'s driver finds no card on this machine.'],
    ['that does not start', { init: () => 803 }, 'NVIDIA\'s driver 580.82.07 does not start (its error 803).'],
    ['that does not start and has no name', { init: () => 999, release: () => null }, 'NVIDIA\'s driver does not start (its error 999).'],
    ['that fails at a card', { name: () => 201 }, 'NVIDIA\'s driver does not tell of its cards (its error 201).'],
  ])('%s is one sentence', (_, calls, sentence) => {
    expect(() => readDriver(driver(calls))).toThrow(sentence);
  });

  it('that is too old names its version, what it runs and what is needed', () => {
    const old = readDriver(driver({ release: () => '550.54.14' }, 12040));
    expect(() => refuseOldDriver(old, 13)).toThrow('NVIDIA\'s driver 550.54.14 runs CUDA 12.4 at most, and the libraries here are for CUDA 13.');
    try {
      refuseOldDriver(old, 13);
    } catch (error) {
      expect((error as { hint: string }).hint).toContain('580.65');
    }
    expect(() => refuseOldDriver(old, 12)).not.toThrow();
  });

  it('and its first card are told', () => {
    expect(cudaFacts(readDriver(driver()))).toMatchObject({ name: 'NVIDIA H100 80GB HBM3', driver: 'NVIDIA 580.82.07 (CUDA 13.0)', memory: 85_017_755_648 });
  });
});
