import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import type { RuntimeRun } from '../../../src-main/contract/export-report.ts';
import { dataViewSchema } from '../../../src-main/contract/recipe.ts';
import { exported } from '../../support/exported.ts';
import { requires } from '../../support/requires.ts';
import { temporaryFolder } from '../../model/model-fixtures.ts';

const temporary = temporaryFolder();
const SAMPLE = 'resources/sample/student';
const texts = { data: 'resources/sample/dev.jsonl', view: dataViewSchema.parse({ prompt: '{{question}}', completion: '{{solution}}' }), holdOut: null };

it('writes GGUF files and a Modelfile, and says what is missing to open them', async () => {
  const to = temporary.path('unopened');
  const { gguf, modelfile, samples } = await exported(SAMPLE, to, [], { parts: [{ format: 'gguf', types: ['q8_0'], imatrix: true }], peers: temporary.path('nowhere') });
  const file = gguf![0]!;
  expect(file).toMatchObject({ type: 'q8_0', imatrix: true, file: { name: 'unopened-Q8_0.gguf' }, notes: [] });
  if ('missing' in file.opened) expect(file.opened).toMatchObject({ missing: 'not opened: node-llama-cpp is not installed', hint: expect.stringContaining('npm install --prefix') as string });
  expect(samples[0]!.trained).not.toBe('');
  expect(modelfile!.name).toBe('Modelfile');
  expect(await readFile(`${to}/Modelfile`, 'utf8')).toBe('FROM ./unopened-Q8_0.gguf\nTEMPLATE """{{ .Prompt }}"""\nPARAMETER stop "</s>"\nPARAMETER temperature 0\nPARAMETER num_ctx 96\n');
});

requires('llama')('the sample\'s student in llama.cpp', () => {
  it('writes in F16 what the trained weights write, and nearly so in 8 bits', async () => {
    const { gguf, trainedPerplexity } = await exported(SAMPLE, temporary.path('opened'), [], {
      parts: [{ format: 'gguf', types: ['f16', 'q8_0'], imatrix: false }], texts, ...(process.env['RETORT_PEERS'] !== undefined && { peers: process.env['RETORT_PEERS'] }),
    });
    const [half, eight] = gguf!.map(({ opened }) => opened as RuntimeRun);
    expect(half).toMatchObject({ agreeing: 1, sameTexts: half!.prompts, faults: [] });
    expect(half!.perplexity / trainedPerplexity!).toBeCloseTo(1, 2);
    expect(eight!.topAgreement).toBeGreaterThan(0.99);
    expect(eight!.agreeing).toBeGreaterThan(0.9);
  });
});
