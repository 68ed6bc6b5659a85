import { writeFile } from 'node:fs/promises';
import { Problem } from '../../../contract/problem.ts';
import type { FieldProblem } from '../../../contract/api/api.ts';
import { recipeSchema } from '../../../contract/recipe.ts';
import { resolveMethod } from '../../../contract/presets.ts';
import { newRunId } from '../../ids.ts';
import type { Home } from '../../home.ts';
import { readRecipe } from '../../recipe-file.ts';
import type { CallsOf, Handlers } from '../handlers.ts';
import type { Jobs } from '../jobs.ts';
import type { RunQueue } from '../run-queue.ts';
import type { Workers } from '../workers.ts';

/** A recipe's field where a message begins by naming one. */
const FIELD = /\b(?:teacher|student|data|method|train|evaluate|checkpoint)\.[a-zA-Z]+/;

export function recipeCalls({ home, queue, jobs, workers }: { home: Home; queue: RunQueue; jobs: Jobs; workers: Workers }): Handlers<CallsOf<'recipe'>> {
  return {
    'recipe.check': async ({ recipe }) => {
      const parsed = recipeSchema.safeParse(recipe);
      if (!parsed.success) {
        return parsed.error.issues.map((issue) => ({ field: issue.path.join('.'), message: issue.message, hint: null }));
      }
      const { conflicts } = resolveMethod(parsed.data.method);
      if (conflicts.length > 0) {
        return conflicts.map(({ field, allowed }) => ({
          field, message: `The preset "${parsed.data.method.preset}" means ${allowed}.`, hint: 'Leave the field to the preset, or choose "gkd".',
        }));
      }
      return problemsOf(workers.get('interactive').request('check', { recipe: parsed.data, runDir: home.runDir(newRunId()) }));
    },
    'recipe.open': ({ path }) => readRecipe(path),
    'recipe.save': async ({ path, recipe, replace }) => {
      await writeFile(path, `${JSON.stringify(recipe, null, 2)}\n`, { flag: replace ? 'w' : 'wx' }).catch((cause: NodeJS.ErrnoException) => {
        throw cause.code === 'EEXIST' ? new Problem(`${path} is there already.`, { hint: 'Choose another name, or say that it may be replaced.', cause })
          : new Problem(`${path} cannot be written (${cause.code ?? cause.message}).`, { hint: 'Choose another place.', cause });
      });
      return null;
    },
    'recipe.forecast': ({ recipe, steps }) => {
      if (queue.live().length > 0) throw new Problem('A run is going, so that a forecast would measure both.', { hint: 'Wait until it has ended, or stop it.' });
      return jobs.run('forecast', recipe.name, (tell, signal) => workers.get('compute').request(
        'probe', { recipe, runDir: home.runDir(newRunId()), steps }, { signal, onEvent: ({ done, total }) => tell(done, total) }));
    },
  };
}

async function problemsOf(check: Promise<null>): Promise<FieldProblem[]> {
  try {
    await check;
    return [];
  } catch (error) {
    if (!(error instanceof Problem) || error.kind !== 'input') throw error;
    return [{ field: FIELD.exec(error.message)?.[0] ?? '', message: error.message, hint: error.hint ?? null }];
  }
}
