import { cp, readFile, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import type { ExportReport, RuntimeRun } from '../../../src-main/contract/export-report.ts';
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

/** The sample's student with a chat template, and with other settings of how it ends. */
async function withTemplate(name: string, template: string, generation: object = {}): Promise<string> {
  const model = temporary.path(name);
  await cp(SAMPLE, model, { recursive: true });
  const file = `${model}/tokenizer_config.json`;
  await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')) as object, chat_template: template }));
  await writeFile(`${model}/generation_config.json`, JSON.stringify({ ...JSON.parse(await readFile(`${model}/generation_config.json`, 'utf8')) as object, ...generation }));
  return model;
}
const TURNS = '{%- for message in messages %}{{ message.content }}={% if message.role == "assistant" %}</s>{% endif %}{% endfor %}';
/** Python's own way to write a text into another, which the engine of LM Studio and transformers.js does not have. */
const BROKEN = TURNS.replace('{{ message.content }}', '{{ "%s" % message.content }}');
/** Its turns are written in the order of their words. */
const ODD = '{{ messages | map(attribute="content") | sort | join("+") }}=';
const remarksOf = ({ gguf }: ExportReport): string[] => gguf!.flatMap(({ notes, opened }) => [...notes, ...('faults' in opened ? opened.faults : [])]);

it('names a chat template that Ollama cannot write, and none where it can', async () => {
  const part = { parts: [{ format: 'gguf' as const, types: ['f16' as const], imatrix: false }], peers: temporary.path('nowhere') };
  expect(remarksOf(await exported(await withTemplate('plain', TURNS), temporary.path('plain-gguf'), [], part)).filter((text) => text.includes('Ollama'))).toEqual([]);
  expect(remarksOf(await exported(await withTemplate('odd', ODD), temporary.path('odd-gguf'), [], part))).toEqual([expect.stringContaining('Ollama\'s language cannot write this model\'s chat template')]);
  expect(await readFile(`${temporary.path('odd-gguf')}/Modelfile`, 'utf8')).toContain('TEMPLATE """{{ .Prompt }}"""');
});

requires('llama')('what does not survive the way to llama.cpp', () => {
  const peers = process.env['RETORT_PEERS'];
  const part = { parts: [{ format: 'gguf' as const, types: ['f16' as const], imatrix: false }], texts, ...(peers !== undefined && { peers }) };

  it('is not said of a template and stop tokens that do', async () => {
    expect(remarksOf(await exported(await withTemplate('whole', TURNS), temporary.path('whole-gguf'), [], part))).toEqual([]);
  });

  it('is named: a broken template, in the report and on the card', async () => {
    const said = remarksOf(await exported(await withTemplate('broken', BROKEN), temporary.path('broken-gguf'), [], part));
    expect(said).toEqual([expect.stringMatching(/^@huggingface\/jinja [\d.]+ does not take the chat template: .*LM Studio and transformers\.js use it\.$/)]);
    expect(await readFile(`${temporary.path('broken-gguf')}/README.md`, 'utf8')).toContain(said[0]);
  });

  it('is named: a token that ends an answer, for which a GGUF file has no place', async () => {
    const said = remarksOf(await exported(await withTemplate('stops', TURNS, { eos_token_id: [1, 5, 6, 7] }), temporary.path('stops-gguf'), [], part));
    expect(said).toContainEqual(expect.stringContaining('llama.cpp does not end an answer at '));
  });
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
