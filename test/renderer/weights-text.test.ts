import { expect, it } from 'vitest';
import { weightsText } from '../../src-renderer/screens/models/weights-text.ts';

it.each([
  [{ path: '/m/teacher.gguf', precision: 'fp32', types: ['Q4_K', 'Q6_K', 'F32'] }, 'GGUF Q4_K'],
  [{ path: '/m/teacher.gguf', precision: 'fp32', types: ['Q4_K', 'Q6_K', 'F32'], fileType: 'Q4_K_M' }, 'GGUF Q4_K_M'],
  [{ path: '/m/teacher.GGUF', precision: 'fp32' }, 'GGUF'],
  [{ path: '/m/folder', precision: 'bf16', types: ['BF16'] }, 'bf16'],
] as const)('%j is shown as %s', (model, text) => expect(weightsText(model)).toBe(text));
