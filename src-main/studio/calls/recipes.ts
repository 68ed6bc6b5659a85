import { readFile, stat, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Problem } from '../../contract/problem.ts';
import type { Finding } from '../../contract/finding.ts';
import { recipeSchema, type Recipe } from '../../contract/recipe.ts';
import { resolveMethod } from '../../contract/presets.ts';
import { stagesOf } from '../../contract/stages.ts';
import { findings } from '../../checks/look.ts';
import type { TriedDevices } from '../../service/devices/tried-devices.ts';
import { newRunId } from '../../service/ids.ts';
import type { Consent } from '../../service/consent/consent.ts';
import { tryReach } from '../../service/consent/reaches.ts';
import type { Home } from '../../service/home.ts';
import type { KeyStore } from '../../service/servers/key-store.ts';
import { readRecipe } from '../../service/recipe/recipe-file.ts';
import { StageFindings } from '../../service/run/stages/stage-findings.ts';
import { keyFor, keyOf } from '../../service/servers/server-key.ts';
import type { CallsOf, Handlers } from '../handlers.ts';
import { readingFor, type Feed } from '../feed.ts';
import type { Jobs } from '../jobs.ts';
import { Latest } from '../latest.ts';
import type { RunQueue } from '../run-queue.ts';
import type { Workers } from '../workers.ts';

export function recipeCalls({ home, queue, jobs, workers, consent, feed, keyStore, devices }: { home: Home; devices: TriedDevices; queue: RunQueue; jobs: Jobs; workers: Workers; consent: Consent; feed: Feed; keyStore: KeyStore | null }): Handlers<CallsOf<'recipe'>> {
  const [checks, outlooks] = [new Latest(), new Latest()];
  /** What measures a recipe has the machine to itself, and the person's word for what the recipe reaches. */
  const alone = async (recipe: Recipe, what: string): Promise<{ allowed: string[]; serverKey?: string }> => {
    if (queue.live().length > 0) throw new Problem(`A run is going, so that ${what} would measure both.`, { hint: 'Wait until it has ended, or stop it.' });
    await devices.require(recipe);
    const allowed = await consent.settle(recipe);
    await queue.atRest();
    return { allowed, ...await keyFor(recipe, keyStore) };
  };
  return {
    'recipe.check': async ({ recipe, asker }) => {
      const parsed = recipeSchema.safeParse(recipe);
      if (!parsed.success) {
        return parsed.error.issues.map((issue): Finding => ({ code: 'recipe', level: 'problem', field: issue.path.join('.'), message: issue.message }));
      }
      const words = new StageFindings(parsed.data);
      const conflicting = stagesOf(parsed.data).flatMap(({ recipe: { method } }, at) => resolveMethod(method).conflicts.flatMap(({ field, allowed }) => words.of(at, {
        code: 'method', level: 'problem', field, message: `The preset "${method.preset}" means ${allowed}.`, hint: 'Leave the field to the preset, or choose "gkd".',
      })));
      if (conflicting.length > 0) return conflicting;
      const dead = await findings('device', async () => { await devices.require(parsed.data); return []; });
      if (dead.length > 0) return dead;
      return checks.answer(asker, (signal) => workers.ask('check', { recipe: parsed.data, runDir: home.runDir(newRunId()), isStart: false }, { signal, onReading: readingFor(feed, asker) }));
    },
    'recipe.open': ({ path }) => readRecipe(path),
    'recipe.save': async ({ path, recipe, replace }) => {
      if (replace) await refuseOther(path);
      await writeFile(path, `${JSON.stringify(recipe, null, 2)}\n`, { flag: replace ? 'w' : 'wx' }).catch((cause: NodeJS.ErrnoException) => {
        throw cause.code === 'EEXIST' ? new Problem(`${path} is there already.`, { hint: 'Choose another name, or say that it may be replaced.', cause })
          : new Problem(`${path} cannot be written (${cause.code ?? cause.message}).`, { hint: 'Choose another place.', cause });
      });
      return null;
    },
    'recipe.memory': ({ recipe, asker }) => outlooks.answer(asker, (signal) => workers.ask('forecastMemory', { recipe, runDir: home.runDir(newRunId()) }, { signal })),
    'recipe.tryServer': async ({ server, student }) => {
      await consent.allow([tryReach(server)]);
      return workers.ask('lookAtServer', { server, student, ...await keyOf(server, keyStore) });
    },
    'recipe.handover': ({ recipe, to }) => workers.ask('handover', { recipe, to: resolve(to) }),
    'recipe.advise': async ({ recipe, rows }) => {
      const asked = await alone(recipe, 'advice');
      return jobs.run('advise', recipe.name, (tell, signal, _warn, onReading) => workers.get('compute').request(
        'advise', { recipe, runDir: home.runDir(newRunId()), rows, ...asked }, { signal, onReading, onEvent: ({ done, total }) => tell(done, total) }));
    },
    'recipe.forecast': async ({ recipe, steps }) => {
      const asked = await alone(recipe, 'a forecast');
      return jobs.run('forecast', recipe.name, (tell, signal, _warn, onReading) => workers.get('compute').request(
        'probe', { recipe, runDir: home.runDir(newRunId()), steps, ...asked }, { signal, onReading, onEvent: ({ done, total }) => tell(done, total) }));
    },
  };
}

/** A recipe is small; nothing larger is read to find out. */
const LARGEST = 2 ** 22;

/** @throws Problem where something lies at a place that is no recipe, which saving one would destroy. */
async function refuseOther(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (!found) return;
  const text = found.isFile() && found.size <= LARGEST ? await readFile(path, 'utf8').catch(() => '') : '';
  if (isRecipe(text)) return;
  throw new Problem(`${path} is there already and is no recipe.`, { hint: 'Choose another name, or move it away.' });
}

/** Whether a text is a recipe, perhaps one of another version or not finished. */
function isRecipe(text: string): boolean {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null && 'student' in json && 'data' in json;
  } catch {
    return false;
  }
}
