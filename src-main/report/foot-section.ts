import { createRequire } from 'node:module';
import { version } from '../../package.json' with { type: 'json' };
import { lastName, shareableRecipe } from '../export/without-folders.ts';
import type { RunFacts } from './gather.ts';
import { html, type Html } from './html.ts';
import { table } from './table.ts';
import { moment } from './write-number.ts';

// Asked when it is run: the bundler would leave an import of another package's JSON without its type.
const { version: runtime } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };

export function recipeSection({ run }: RunFacts): Html {
  return html`<section aria-labelledby="recipe"><h2 id="recipe">Recipe</h2>
<details class="printed"><summary>The whole run as one JSON document</summary>
<pre tabindex="0" role="region" aria-label="Recipe as JSON">${shareableRecipe(run.recipe)}</pre></details></section>`;
}

/** Whose licences decide over what may be done with the student; a card that states none is not asked further. */
export function licenceSection({ run: { recipe }, teacher, student, dataLicence }: RunFacts): Html {
  const stated = (licence: string | null): string => licence ?? 'not stated in its folder';
  return html`<section aria-labelledby="licences"><h2 id="licences">Licences</h2>
${table({
    caption: 'Licences', head: ['of', 'name', 'licence'], words: [1, 2],
    rows: [
      ...(teacher ? [['Teacher', lastName(teacher.path), stated(teacher.licence)]] : []), ['Student at the start', lastName(student.path), stated(student.licence)],
      ['Data', lastName(recipe.data.train), stated(dataLicence)], ['Distilled student', '', 'those of teacher, student and data decide'],
    ],
  })}</section>`;
}

export function footer({ run: { id, recipe } }: RunFacts, written: number): Html {
  return html`<footer>Run ${id}, seed ${String(recipe.seed)}. Report written by Retort ${version} with ONNX Runtime ${runtime} on ${moment(written)}.</footer>`;
}
