import { stagesOf } from '../../contract/stages.ts';
import type { Score } from '../../contract/events.ts';
import type { ExportOrigin } from '../../contract/export-report.ts';
import type { Ancestor } from '../../contract/lineage.ts';
import { shareableRecipe } from '../without-folders.ts';
import { licenceSentences } from './licences.ts';
import { fenced, quoted, table } from './markdown.ts';

/** Whom a model comes from, under which licences, and how it was trained. */
export function originSection(lineage: readonly Ancestor[], origin: ExportOrigin | null): string[] {
  const rows = lineage.map(({ role, name, id, licence, saidBy }) => [role, id === null ? quoted(name) : `${quoted(name)}, ${id} on the hub`, licence === null ? 'unknown' : quoted(licence), saidBy ?? '']);
  return [
    '## Where it comes from', ...(origin ? [`Run ${quoted(origin.run)}, step ${origin.step}, method ${stagesOf(origin.recipe).map(({ recipe }) => recipe.method.preset).join(', then ')}${origin.engine === null ? '' : `, trained by ${origin.engine}`}.`] : []),
    table(['', 'name', 'licence', 'as said by'], rows), ...licenceSentences(lineage),
    ...(origin ? [...evaluated(origin), `The whole recipe, seed ${origin.recipe.seed}:`, fenced(shareableRecipe(origin.recipe), 'json')] : []),
    '`retort reproduce` with this folder checks what it was made from by the digests in `retort-reproduce.json`, trains it again and compares the weights to the bit.',
  ];
}

function evaluated({ evaluation }: ExportOrigin): string[] {
  const scores = Object.entries(evaluation?.metrics ?? {});
  if (!evaluation || scores.length === 0) return [];
  return [
    `## Evaluation\n\nAt step ${evaluation.step}, on ${evaluation.examples} held-out examples, with 95% intervals:`,
    table(['metric', 'value', 'interval'], scores.map(([metric, score]) => [metric, score.value.toFixed(4), interval(score)])),
  ];
}

const interval = ({ low, high }: Score): string => (low === null || high === null ? '' : `${low.toFixed(4)} to ${high.toFixed(4)}`);
