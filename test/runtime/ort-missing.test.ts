import { expect, it, vi } from 'vitest';
import { Problem } from '../../src-main/contract/problem.ts';
import { ortExecutor } from '../../src-main/runtime/ort/executor.ts';

vi.mock('koffi', () => ({ default: { load: () => { throw new Error('libonnxruntime.so.1: wrong ELF class\nof a library'); } } }));

it.each(['cpu', 'webgpu'] as const)('says in one sentence that ONNX Runtime cannot be loaded: %s', (device) => {
  expect(() => ortExecutor(device, 1)).toThrow(Problem);
  expect(() => ortExecutor(device, 1)).toThrow(/^ONNX Runtime cannot be loaded: libonnxruntime\.so\.1: wrong ELF class\.$/);
});
