import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { HubLook } from '../../src-main/contract/hub.ts';
import { describeModel } from '../../src-main/model/show.ts';
import { gguf, TINY_LLAMA } from '../model/gguf-writer.ts';
import { HubFixture } from './hub-fixture.ts';

const hub = new HubFixture();
const LLAMA = join('test/fixtures/model-gguf', 'llama.gguf');
/** What is asked for of a file before it is looked at. */
const FIRST = 2 ** 22;

async function lookAt(files: Record<string, Buffer>, settings: { large?: boolean; wanted?: string } = {}): Promise<HubLook> {
  hub.server.repositories.set('org/packed', { files, ...(settings.large && { large: Object.keys(files) }) });
  return (await hub.look('org/packed', { files: settings.wanted === undefined ? [] : [settings.wanted] })).look;
}

const asked = (): [file: string, range: string | null][] => hub.server.asked
  .filter(({ path }) => path.endsWith('.gguf')).map(({ path, range }) => [path.replace(/^.*\//, ''), range]);

describe('a GGUF file that is not downloaded yet', () => {
  it('is understood by its first megabytes: family, size, and memory as it lies', async () => {
    const whole = await readFile(LLAMA);
    // What would be gigabytes of weights stands behind the header.
    const look = await lookAt({ 'm-Q8_0.gguf': Buffer.concat([whole, Buffer.alloc(2 * FIRST)]) }, { large: true });
    const { parameters, layers, contextLength } = await describeModel(LLAMA);
    expect(look).toMatchObject({ unusable: null, model: { family: 'llama', parameters, layers, contextLength } });
    const [teacher, student, ...others] = look.fits;
    expect([teacher!.use, student, others]).toEqual(['as a teacher', { use: 'as a student that writes', bytes: 20 * parameters }, []]);
    // As many bytes as its weights lie in, not those of float32.
    expect(teacher!.bytes).toBeLessThan(whole.length);
    expect(teacher!.bytes).toBeGreaterThan(parameters / 4);
    const once = ['m-Q8_0.gguf', `bytes=0-${FIRST - 1}`];
    // The hub redirects to where large files lie.
    expect(asked()).toEqual([once, once]);
  });

  it('is read on where its header is longer', async () => {
    const { metadata, tensors } = TINY_LLAMA;
    const look = await lookAt({ 'm.gguf': gguf({ ...metadata, 'general.description': 'long '.repeat(FIRST / 4) }, tensors) });
    expect(look).toMatchObject({ unusable: null, model: { family: 'llama', layers: 1 } });
    expect(asked().map(([, range]) => range)).toEqual([`bytes=0-${FIRST - 1}`, expect.stringMatching(new RegExp(`^bytes=${FIRST}-`))]);
  });

  it('in parts is understood by all of them', async () => {
    const { metadata, tensors } = TINY_LLAMA;
    const [first, second] = [Object.entries(tensors).slice(0, 5), Object.entries(tensors).slice(5)];
    const split = (at: number): Record<string, number> => ({ 'split.no': at, 'split.count': 2, 'split.tensors.count': 11 });
    const parts = {
      'in/m-Q8_0-00001-of-00002.gguf': gguf({ ...metadata, ...split(0) }, Object.fromEntries(first)),
      'in/m-Q8_0-00002-of-00002.gguf': gguf(split(1), Object.fromEntries(second)),
    };
    expect(await lookAt(parts)).toMatchObject({ unusable: null, model: { family: 'llama', layers: 1 } });
    const names = Object.keys(parts);
    const torn = await lookAt({ [names[0]!]: parts['in/m-Q8_0-00001-of-00002.gguf'], [names[1]!]: gguf(split(1), Object.fromEntries(second.slice(1))) });
    expect(torn.unusable!.message).toContain('its 2 parts have 10 tensors instead of 11');
  });

  it('is refused by the name of what Retort does not have', async () => {
    const { metadata, tensors } = TINY_LLAMA;
    const why = async (file: Buffer): Promise<string | undefined> => (await lookAt({ 'm.gguf': file })).unusable?.message;
    expect(await why(gguf({ ...metadata, 'general.architecture': 'mamba' }, tensors))).toContain('m.gguf: the architecture "mamba" cannot be imported');
    expect(await why(gguf(metadata, { ...tensors, 'token_embd.weight': { shape: [4, 256], type: 16 } }))).toContain('stored as IQ2_XXS');
    expect(await why(gguf({ ...metadata, 'tokenizer.ggml.pre': 'of-nobody' }, tensors))).toContain('of-nobody');
    expect(await why(Buffer.from('<html>'))).toContain('m.gguf is not a GGUF file');
    expect(await why((await readFile(LLAMA)).subarray(0, 2000))).toContain('it is cut off');
  });

  it('is looked into where a hub sends whole files only', async () => {
    hub.server.fault = ({ range }, response, contents) => {
      if (range === null || contents === null) return false;
      response.writeHead(200, { 'content-length': contents.length });
      response.end(contents);
      return true;
    };
    expect((await lookAt({ 'm.gguf': await readFile(LLAMA) })).model?.family).toBe('llama');
  });

  it('is read again where the connection is cut', async () => {
    hub.server.fault = ({ range, count }, response, contents) => {
      if (range === null || contents === null || count > 1) return false;
      response.writeHead(206, { 'content-length': contents.length, 'content-range': `bytes 0-${contents.length - 1}/${contents.length}` });
      response.write(contents.subarray(0, 100));
      response.destroy();
      return true;
    };
    expect((await lookAt({ 'm.gguf': await readFile(LLAMA) })).model?.family).toBe('llama');
  });
});
