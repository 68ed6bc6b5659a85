import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from '../../../contract/problem.ts';
import { uniform } from '../../../contract/random.ts';
import { TextPlan, type TextWriter } from '../../../decode/text-writer.ts';
import type { FrozenModel } from '../../../distill/frozen-model.ts';
import { readParts } from '../../../data/read.ts';
import { writeJsonLines } from '../../../data/write.ts';
import { SpooledRows } from '../../../files/spooled-rows.ts';
import { endTokens, executorFor } from '../../../model/load-model.ts';
import type { EncodedExample } from '../../../text/encoded-example.ts';
import { ExampleCollector } from '../../../text/example-collector.ts';
import { eachExample, partsOf, type ExampleSet } from '../../../text/example-set.ts';
import type { PreparedRun } from '../look/prepare.ts';
import type { PreparedStage } from '../stages/prepare-stages.ts';
import type { RunTeacher } from './run-teacher.ts';
import { servedTexts } from './served-texts.ts';
import type { ServedWriter } from '../../../teacher/served/served-writer.ts';

/** In the run's folder: what the teacher wrote for a stage, a line an example, fit to be another run's data. */
const fileOf = ({ name, number }: Pick<PreparedStage, 'name' | 'number'>): string => (name === null ? 'teacher-data.jsonl' : `teacher-data-${number}.jsonl`);

/** Prompts that are in memory at a time; those of like length among them are written together. */
const PART = 4096;

interface Line { index: number; prompt: string; completion: string; tokens: number[] }

/** Lets somebody write to a part of the prompts. @param onDone  how many of them are written */
type Writer = (part: readonly EncodedExample[], onDone: (count: number) => void) => Promise<Line[]>;

/**
 * The training examples with completions written by the teacher (sequence-level distillation, Kim and Rush 2016).
 * Only examples that the run will visit are written, once; a resumed run reads them back.
 */
export async function teacherWritten(
  run: PreparedStage, teacher: Pick<RunTeacher, 'model' | 'writer'>, folder: string, onProgress: (done: number, total: number) => void,
): Promise<ExampleSet> {
  const path = join(folder, fileOf(run));
  if (!existsSync(path)) await (teacher.writer ? ask(run, teacher.writer, path, onProgress) : write(run, await teacher.model(), path, onProgress));
  const lines = new SpooledRows();
  const places = new Map<number, number>();
  for await (const part of readParts(path, Infinity)) {
    for (const row of part) {
      places.set((row as unknown as Line).index, lines.count);
      lines.add(row);
    }
  }
  const written = new ExampleCollector();
  for await (const example of eachExample(run.train)) {
    const place = places.get(example.index);
    if (place === undefined) continue;
    const { tokens, completion } = lines.at(place) as Line;
    written.add({ ...example, context: example.prompt, completion: Int32Array.from(tokens), learned: null, completionText: completion });
  }
  return written.set();
}

/** Writes to every prompt, so many at a time, and then the file. */
async function writeAll({ train }: PreparedRun, path: string, writer: Writer, onProgress: (done: number, total: number) => void): Promise<void> {
  const lines = new SpooledRows();
  let before = 0;
  for await (const part of partsOf(train, train.count, PART)) {
    for (const line of await writer(part, (done) => onProgress(before + done, train.count))) if (line.tokens.length > 0) lines.add(line);
    before += part.length;
  }
  if (lines.count === 0) throw new Problem('The teacher wrote nothing for any prompt.', { hint: 'Check the prompts and the teacher\'s end token.' });
  await writeJsonLines(path, lines.rows());
}

function ask(run: PreparedRun, writer: ServedWriter, path: string, onProgress: (done: number, total: number) => void): Promise<void> {
  const { recipe: { seed, data }, method } = run;
  return writeAll(run, path, async (part, onDone) => {
    const texts = await servedTexts(run, data, writer, part, { seed, maxTokens: data.maxCompletionTokens, temperature: method.teacherTemperature }, onDone);
    return part.map(({ index, promptText }, at): Line => ({ index, prompt: promptText, completion: texts[at]!.text, tokens: texts[at]!.tokens }));
  }, onProgress);
}

async function write(run: PreparedRun, teacher: FrozenModel, path: string, onProgress: (done: number, total: number) => void): Promise<void> {
  const { recipe, method } = run;
  const { maxPromptTokens, maxCompletionTokens } = recipe.data;
  const longest = run.alignment ? await longestOfTeacher(run) : maxPromptTokens;
  const writer = await new TextPlan(executorFor(recipe.teacher!.device), teacher.decoder, teacher.weights, {
    vocabulary: run.alignment?.families.teacher.length ?? run.sharedVocabulary, maxLength: longest + maxCompletionTokens, choice: method.teacherTemperature === 0 ? 'greedy' : 'sample',
  }).open();
  try {
    await writeAll(run, path, (part, onDone) => writePart(run, writer, part, onDone), onProgress);
  } finally {
    await writer.release();
  }
}

/** Tokens of the longest prompt as the teacher reads it. */
async function longestOfTeacher({ train, alignment }: PreparedRun): Promise<number> {
  let longest = 0;
  for await (const { prompt } of eachExample(train)) longest = Math.max(longest, alignment!.promptOf(prompt).length);
  return longest;
}

async function writePart(run: PreparedRun, writer: TextWriter, part: readonly EncodedExample[], onDone: (count: number) => void): Promise<Line[]> {
  const { recipe: { seed, data }, method: { teacherTemperature: temperature }, student: { tokenizer }, alignment, teacher } = run;
  const completions = await writer.write(part.map(({ index, prompt }) => ({ id: index, tokens: alignment?.promptOf(prompt) ?? prompt })), {
    maxNewTokens: data.maxCompletionTokens, eos: alignment && teacher ? endTokens(teacher) : run.eos,
    sampling: temperature === 0 ? { strategy: 'greedy' } : {
      strategy: 'sample', temperature, uniform: (example, index) => uniform(seed, { purpose: 'teacher-data', example, index }),
    },
  }, onDone);
  return part.map(({ index, promptText }, at): Line => {
    const written = completions[at]!.tokens;
    const tokens = [...(alignment?.ofTeacher(written) ?? written)].slice(0, data.maxCompletionTokens);
    return { index, prompt: promptText, completion: tokenizer.decode(tokens, { skipSpecial: true }), tokens };
  });
}
