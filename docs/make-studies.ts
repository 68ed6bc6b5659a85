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
