import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from '../../contract/problem.ts';
import { uniform } from '../../contract/random.ts';
import { TextPlan } from '../../decode/text-writer.ts';
import type { FrozenModel } from '../../distill/frozen-model.ts';
import { readRows } from '../../data/read.ts';
import { writeJsonLines } from '../../data/write.ts';
import { executorFor } from '../../model/load-model.ts';
import { ExampleCollector } from '../../text/example-collector.ts';
import { eachExample, firstExamples, type ExampleSet } from '../../text/example-set.ts';
import type { PreparedRun } from './prepare.ts';
import type { RunTeacher } from './run-teacher.ts';
import { servedTexts } from './served-texts.ts';
import type { ServedWriter } from '../../teacher/served/served-writer.ts';

/** In the run's folder: what the teacher wrote, a line an example, fit to be another run's data. */
const FILE = 'teacher-data.jsonl';

interface Line { index: number; prompt: string; completion: string; tokens: number[] }

/**
 * The training examples with completions written by the teacher (sequence-level distillation, Kim and Rush 2016).
 * Only examples that the run will visit are written, once; a resumed run reads them back.
 */
export async function teacherWritten(
  run: PreparedRun, teacher: Pick<RunTeacher, 'model' | 'writer'>, folder: string, onProgress: (done: number, total: number) => void,
): Promise<ExampleSet> {
  const path = join(folder, FILE);
  if (!existsSync(path)) await writeJsonLines(path, teacher.writer ? await ask(run, teacher.writer, onProgress) : await write(run, await teacher.model(), onProgress));
  const lines = new Map((await readRows(path)).map((row) => {
    const line = row as unknown as Line;
    return [line.index, line];
  }));
  const written = new ExampleCollector();
  for await (const example of eachExample(run.train)) {
    const line = lines.get(example.index);
    if (line) written.add({ ...example, context: example.prompt, completion: Int32Array.from(line.tokens), learned: null, completionText: line.completion });
  }
  return written.set();
}

function refuseNone(lines: Line[]): Line[] {
  if (lines.length === 0) throw new Problem('The teacher wrote nothing for any prompt.', { hint: 'Check the prompts and the teacher\'s end token.' });
  return lines;
}

async function ask(run: PreparedRun, writer: ServedWriter, onProgress: (done: number, total: number) => void): Promise<Line[]> {
  const { recipe: { seed, data }, method } = run;
  const train = await firstExamples(run.train, null);
  const texts = await servedTexts(run, writer, train, { seed, maxTokens: data.maxCompletionTokens, temperature: method.teacherTemperature }, (done) => onProgress(done, train.length));
  return refuseNone(train.flatMap(({ index, promptText }, at): Line[] => {
    const { tokens, text } = texts[at]!;
    return tokens.length === 0 ? [] : [{ index, prompt: promptText, completion: text, tokens }];
  }));
}

async function write(run: PreparedRun, teacher: FrozenModel, onProgress: (done: number, total: number) => void): Promise<Line[]> {
  const { recipe, method, sharedVocabulary, eos, student: { tokenizer } } = run;
  const train = await firstExamples(run.train, null);
  const { maxPromptTokens, maxCompletionTokens } = recipe.data;
  const isGreedy = method.teacherTemperature === 0;
  const writer = await new TextPlan(executorFor(recipe.teacher!.device), teacher.decoder, teacher.weights, {
    vocabulary: sharedVocabulary, maxLength: maxPromptTokens + maxCompletionTokens, choice: isGreedy ? 'greedy' : 'sample',
  }).open();
  try {
    const completions = await writer.write(train.map(({ index, prompt }) => ({ id: index, tokens: prompt })), {
      maxNewTokens: maxCompletionTokens, eos,
      sampling: isGreedy ? { strategy: 'greedy' } : {
        strategy: 'sample', temperature: method.teacherTemperature,
        uniform: (example, index) => uniform(recipe.seed, { purpose: 'teacher-data', example, index }),
      },
    }, (done) => onProgress(done, train.length));
    const lines = train.flatMap(({ index, promptText }, at): Line[] => {
      const tokens = [...completions[at]!.tokens];
      return tokens.length === 0 ? [] : [{ index, prompt: promptText, completion: tokenizer.decode(tokens, { skipSpecial: true }), tokens }];
    });
    return refuseNone(lines);
  } finally {
    await writer.release();
  }
}
