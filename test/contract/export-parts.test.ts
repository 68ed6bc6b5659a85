import { expect, it } from 'vitest';
import { inOrder, partsOf } from '../../src-main/contract/export-parts.ts';

const parts = (formats: Parameters<typeof partsOf>[0], types: string[] = []) => partsOf(formats, types, { imatrix: false });

it('gives each format the types that are its own, and its usual one where none is', () => {
  expect(parts(['onnx'])).toEqual([{ format: 'onnx', types: ['fp32'] }]);
  expect(parts(['gguf', 'onnx', 'safetensors'], ['q4_0', 'f16', 'q4_0'])).toEqual([
    { format: 'gguf', types: ['f16', 'q4_0'], imatrix: false }, { format: 'onnx', types: ['fp32'] }, { format: 'safetensors' },
  ]);
});

it('refuses a type that no named format has, and names the one that has it', () => {
  expect(() => parts(['onnx'], ['q8_0'])).toThrow(expect.objectContaining({ message: 'onnx has no type q8_0.', hint: '--format gguf has it.' }));
  expect(() => parts(['safetensors', 'gguf'], ['q3'])).toThrow(expect.objectContaining({ message: 'safetensors and gguf have no type q3.' }));
});

it('puts types in their order, each once', () => {
  expect(inOrder([{ format: 'onnx', types: ['int8', 'fp32', 'int8'] }, { format: 'safetensors' }])).toEqual([{ format: 'onnx', types: ['fp32', 'int8'] }, { format: 'safetensors' }]);
});
