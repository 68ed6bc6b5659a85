import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { studySchema } from '../src-main/contract/study.ts';
import { table, type Field } from './make-recipe.ts';

/** docs/studies.md: how studies work, and their fields from the validators. `npm run docs` rewrites it; a test holds the two together. */
export function studiesPage(): string {
  const { properties = {}, required = [] } = z.toJSONSchema(studySchema, { io: 'input' }) as Field;
  const own = (field: Field): boolean => !field.properties && !field.items?.properties;
  const simple = Object.fromEntries(Object.entries(properties).filter(([, field]) => own(field)));
  return [
    '# Studies',
    'Generated from `src-main/contract/study.ts` by `npm run docs`; not to be edited.',
    'A study is many runs that are compared: every arm, at every point of the grid, with every seed.',
    '```\nretort study method-comparison --workers 2 --threads 1\n```',
    [
      'The studies of the paper come with Retort, written for the sample project: `method-comparison`, `lambda`, `divergence-by-temperature`',
      'and `data-efficiency`. Copy one from `resources/studies` and put your own models and data in.',
    ].join(' '),
    [
      'Every recipe is checked before the first run begins. The runs enter the history under the study\'s tag, so the application shows and compares',
      'them. The study\'s folder (`studies/NAME` under the home folder, or `--dir`) holds `runs/`, `measurements/`, and at the end `table.md`,',
      '`picture.svg` and `results.json`. Stopped or killed, the same command goes on: what is done is not computed again, and a run that was',
      'cut off resumes from its checkpoint. A run that fails does not stop the others.',
    ].join(' '),
    'Intervals are of 95%: over the seeds where there are several (Student\'s t), else over the examples (bootstrap).',
    '## Many methods, few winners',
    '```\nretort study study.json --halving rougeL --keep 2\n```',
    [
      'computes all arms (at every point of the grid, with every seed) for a share of their steps and compares them by that number on the held-out rows;',
      'the worse half stops, the rest goes on from its checkpoints, until `--keep` (1 if left out) are left. The shares halve back from the whole: of eight',
      'arms an eighth, a quarter, a half, all. Learning-rate schedules are those of all steps, so that an arm which goes to the end has, to the bit, the',
      'weights that it would have had alone. Numbers: `divergence`, `loss`, `perplexity`, and every metric of written texts',
      '(`accuracy`, `rougeL`, `bleu`, `chrf`, `self-bleu`, `distinct-2` ...): a metric of the whole corpus is scored again for each resample from what',
      'each row adds to it; for `self-bleu` that is the row\'s own against all other texts of its run. `divergence` is the arms\' own where all have the',
      'same, and forward KL where they differ. Of an arm with stages shares are taken of all its steps, wherever that lies, and rows are judged as in its',
      'last stage. Where arms say `train.epochs`, their steps are counted in their data first.',
    ].join(' '),
    [
      'Differences to the best are taken on the same rows, with a 95% interval (paired bootstrap; several seeds of an arm count together). An arm of',
      'the worse half whose interval holds 0 is not certainly worse and goes on; at the end the better score decides, and of equal scores the order of the',
      'study. The table (`halving.md`, `halving.json`) has each arm\'s rungs, score, difference and why it stopped. Runs that stopped can be gone on with',
      '(`retort resume`). Killed at any moment, the same command comes to the same outcome. The recipes have to give held-out rows.',
    ].join(' '),
    '## Fields',
    ...table('', { properties: simple, required }),
    ...Object.entries(properties).filter(([, field]) => !own(field)).flatMap(([name, field]) => section(name, field)),
    '',
  ].join('\n\n');
}

function section(name: string, field: Field): string[] {
  const inner = field.items ?? field;
  return [`## \`${name}\`${field.items ? ' (a list)' : ''}`, field.description ?? '', ...table('', inner),
    ...(inner.properties?.['decode'] ? ['`decode` has the fields of [`evaluate.decode`](recipe.md) in a recipe.'] : [])];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(new URL('studies.md', import.meta.url), studiesPage());
}
