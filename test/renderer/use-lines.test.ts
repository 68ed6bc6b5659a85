import { expect, it } from 'vitest';
import type { ExportReport } from '../../src-main/contract/export-report.ts';
import { useLines } from '../../src-renderer/screens/export/use-lines.ts';

const REPORT: ExportReport = {
  folder: '/exports/it\'s mine', parameters: 1, bytes: 1, precisions: [], safetensors: null, genai: null, measuredOn: { kind: 'own', texts: 1, tokens: 1 }, trainedPerplexity: null,
  samples: [{ prompt: 'say "a"\n$HOME', trained: '', exported: {} }],
};
const missing = { missing: 'not opened', hint: '' };

it('says for each runtime what is pasted, quoted as that one reads it', () => {
  const lines = useLines({
    ...REPORT, modelfile: { name: 'Modelfile', bytes: 1 }, genai: 'onnx/model.onnx', safetensors: { name: 'model.safetensors', bytes: 1 },
    gguf: [{ type: 'f16', file: { name: 'a-F16.gguf', bytes: 9 }, imatrix: false, notes: [], opened: missing }],
    precisions: [{ precision: 'int4', files: [], bytes: 1, maxLogitDifference: 0, meanLogitDifference: 0, topAgreement: 1, keeps: true, perplexity: 1, tokenMs: 1 }],
  });
  expect(lines.map(({ runtime }) => runtime)).toEqual(['Ollama', 'llama.cpp', 'LM Studio', 'llama-cpp-python', 'transformers.js', 'ONNX Runtime GenAI', 'Transformers']);
  const text = Object.fromEntries(lines.map((line) => [line.runtime, line.text]));
  expect(text['Ollama']).toBe('cd \'/exports/it\'\\\'\'s mine\' && ollama create \'it\'\\\'\'s mine\' -f Modelfile\nollama run \'it\'\\\'\'s mine\' \'say "a"\n$HOME\'');
  expect(text['llama.cpp']).toContain('llama-cli -m \'/exports/it\'\\\'\'s mine/a-F16.gguf\' --temp 0 -p \'say "a"\n$HOME\'');
  expect(text['llama-cpp-python']).toContain('model("say \\"a\\"\\n$HOME"');
  expect(text['transformers.js']).toContain('env.localModelPath = "/exports/";');
  expect(text['transformers.js']).toContain('{ dtype: "q4" }');
  // Neither adds BOS to a text by itself.
  expect(text['transformers.js']).toContain('add_special_tokens: true');
  expect(text['ONNX Runtime GenAI']).toContain('add_special_tokens=True');
});

it('has the model\'s own marks in what reaches it as it is, and none where a runtime writes them', () => {
  const text = Object.fromEntries(useLines({
    ...REPORT, genai: 'onnx/model.onnx', prompt: { text: '<|user|>Hi<|end|>', isChat: true }, modelfile: { name: 'Modelfile', bytes: 1 },
    gguf: [{ type: 'f16', file: { name: 'a-F16.gguf', bytes: 9 }, imatrix: false, notes: [], opened: missing }],
  }).map((line) => [line.runtime, line.text]));
  for (const runtime of ['llama-cpp-python', 'ONNX Runtime GenAI']) expect(text[runtime]).toContain('"<|user|>Hi<|end|>"');
  for (const runtime of ['Ollama', 'llama.cpp']) expect(text[runtime]).toMatch(/'?Hello\.'?$/);
});

it('says nothing of what an export does not hold', () => {
  expect(useLines(REPORT)).toEqual([]);
});
