import { integer } from '../../contract/random.ts';
import { decodeSchema } from '../../contract/recipe.ts';
import type { Commands } from '../../contract/worker.ts';
import type { Params } from '../../contract/worker-host.ts';
import { samplingOf } from '../../decode/sampling.ts';
import type { ParityText } from '../../export/parity.ts';
import { givenText } from '../../text/encoded-example.ts';
import { firstExamples } from '../../text/example-set.ts';
import { holdOut } from '../examples/examples.ts';
import type { Model } from '../../model/load-model.ts';
import { readExamplesOnce } from '../examples/remembered-examples.ts';
import type { TrainedModel } from './trained.ts';

/** Texts that an export is measured on. */
const TEXTS = 16;
/** Tokens of a completion that are looked at. */
const COMPLETION = 64;
/** Numbers in the logits of one text: 128 MiB of them. */
const LOGITS = 2 ** 25;
/** Tokens that open a text which the model then writes by itself. */
const OPENING = 8;

type TextSource = NonNullable<Params<Commands, 'export'>['texts']>;

/** Texts of a data file, or where there is none such as the model itself writes: of its own distribution, from its start or random tokens. */
export async function textsFor(trained: TrainedModel, source: TextSource | null, signal: AbortSignal): Promise<ParityText[]> {
  const limit = longestFor(trained.model);
  const given = source ? await fromData(trained.model, source) : [];
  const texts = given.length > 0 ? given : ownPrompts(trained).map((prompt) => ({ prompt, completion: new Int32Array() }));
  const room = Math.max(1, Math.min(COMPLETION, limit >> 1));
  const cut = texts.map(({ prompt, completion }): ParityText => ({
    prompt: prompt.subarray(Math.max(0, prompt.length - Math.max(1, limit - room))), completion: completion.slice(0, room),
  }));
  const open = cut.filter(({ completion }) => completion.length === 0);
  if (open.length > 0) {
    const sampling = samplingOf(decodeSchema.parse({ strategy: 'sample' }), 0, 'evaluation');
    const written = await trained.write(open.map(({ prompt }, id) => ({ id, tokens: prompt })), room, sampling, signal);
    open.forEach((text, at) => { text.completion = written[at]!.tokens; });
  }
  return cut.filter(({ completion }) => completion.length > 0);
}

/** Most tokens of a text, so that neither the context nor memory is too small. */
function longestFor({ decoder }: Model): number {
  return Math.max(2, Math.min(decoder.contextLength ?? Infinity, Math.floor(LOGITS / decoder.vocabSize)));
}

async function fromData(model: Model, { data, view, holdOut: held }: TextSource): Promise<ParityText[]> {
  const all = await readExamplesOnce(data, { ...view, needsCompletions: false, most: held ? null : TEXTS }, model);
  const examples = await firstExamples(held ? holdOut(all, held.share, held.seed).validation : all, TEXTS);
  return examples.map(givenText).map(({ prompt, completion }) => ({ prompt, completion }));
}

/** What the model's own texts begin with. */
function ownPrompts({ model: { tokenizer, decoder }, vocabulary }: TrainedModel): Int32Array[] {
  const isOpened = decoder.encoder === null && tokenizer.bosId !== null;
  return Array.from({ length: TEXTS }, (_, example) => (isOpened ? Int32Array.of(tokenizer.bosId)
    : Int32Array.from({ length: OPENING }, (__, index) => integer(0, { purpose: 'evaluation', example, index }, vocabulary))));
}
