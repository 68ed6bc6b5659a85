import { expect, it } from 'vitest';
import { cardText, usesText } from '../../src-main/contract/device-text.ts';
import { probeDevice } from '../../src-main/devices/probe.ts';
import { requires } from '../support/requires.ts';

it('finds the processor, which does everything', async () => {
  const cpu = await probeDevice('cpu');
  expect(cpu).toMatchObject({ problem: null, uses: ['training', 'writing', 'teacher'] });
  expect(cpu.memory).toBeGreaterThan(2 ** 28);
  expect(usesText(cpu)).toBe('training, writing, teacher: exact in fp32');
});

it('says in one sentence what a card of NVIDIA lacks here, or what it is', async () => {
  const cuda = await probeDevice('cuda');
  if (cuda.problem === null) expect(cuda.uses).toContain('training');
  else expect(cuda.problem).toMatch(/^[^\n]+\.$/);
  expect(cuda.uses.length > 0).toBe(cuda.problem === null);
});

requires('tfjs')('TensorFlow.js', () => {
  it('tells its version and what it computes on, and is tried', async () => {
    const tfjs = await probeDevice('tfjs');
    expect(tfjs).toMatchObject({ problem: null, uses: ['training', 'writing', 'teacher'] });
    expect(tfjs.driver).toMatch(/^TensorFlow[.]js 4[.]/);
  });
});

requires('vulkan')('a card with a Vulkan driver', () => {
  it('has a name, memory and a driver, and is tried', async () => {
    const webgpu = await probeDevice('webgpu');
    expect(webgpu).toMatchObject({ problem: null, uses: ['training', 'writing', 'teacher'] });
    expect(webgpu.name).toMatch(/\w/);
    expect(webgpu.driver).toMatch(/\w/);
    expect(webgpu.memory).toBeGreaterThan(2 ** 26);
    expect(webgpu.uses).toContain('training');
    if (/SwiftShader/.test(webgpu.name!)) expect(cardText(webgpu)).toMatch(/2\.0 GiB.*in software, for tests only$/);
  });
});
