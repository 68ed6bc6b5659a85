import { basename, join } from 'node:path';
import type { Compute } from '../../../contract/compute.ts';
import { localTeacher } from '../../../contract/local-teacher.ts';
import type { LocalTeacher } from '../../../contract/recipe.ts';
import type { FrozenModel } from '../../../distill/frozen-model.ts';
import type { Teacher } from '../../../distill/teacher.ts';
import { digestOfText } from '../../../files/digest.ts';
import { executorFor, ofThe, openWeights } from '../../../model/load-model.ts';
import { listHead } from '../../../nn/build.ts';
import { inMoves } from '../../../runtime/in-moves.ts';
import { AlignedTeacher } from '../../../teacher/aligned-teacher.ts';
import { CachedTeacher } from '../../../teacher/cached-teacher.ts';
import { StateStore } from '../../../teacher/state-store.ts';
import { readTeacher, teacherCompute } from './read-teacher.ts';
import { digestsOf } from '../record/inputs.ts';
import type { OpenedBase } from '../open-base.ts';
import type { PreparedRun } from '../look/prepare.ts';
import type { RunTeacher } from './run-teacher.ts';
import { openServedTeacher, type ServedPlace } from './served-run-teacher.ts';

/**
 * @param cache  folder in which teachers keep what the recipe asks them to; null to keep nothing
 * @param own    what the student stands beside, where that is the teacher; null otherwise
 * @param served where a teacher behind a server keeps its answers; the caller of a recipe that names one gives it
 */
export async function openRunTeacher(run: PreparedRun, cache: string | null, own: OpenedBase | null = null, served: ServedPlace | null = null): Promise<RunTeacher | null> {
  const opened = await openOwnTeacher(run, cache, own, served);
  const { alignment, teacher, method } = run;
  if (!opened || !teacher || !alignment) return opened;
  const judge = new AlignedTeacher(opened.judge, opened.kept?.teacher ?? null, teacher.decoder, alignment, method.lossTemperature);
  // Nobody else asks the model about the student's tokens.
  return { ...opened, judge, atHand: () => null, kept: opened.kept && { ...opened.kept, teacher: judge } };
}

/** A teacher for texts in its own tokens. */
async function openOwnTeacher(run: PreparedRun, cache: string | null, own: OpenedBase | null, served: ServedPlace | null): Promise<RunTeacher | null> {
  const { teacher, recipe } = run;
  if (recipe.teacher?.server && (run.method.divergence !== 'cross_entropy' || run.method.source === 'teacher')) return openServedTeacher(run, served!);
  const settings = localTeacher(recipe);
  if (!teacher || !settings) return null;
  let reading: Promise<FrozenModel> | null = null;
  const read = async (): Promise<FrozenModel> => {
    try {
      return (await readTeacher(run, own))!;
    } catch (error) {
      // Nothing is there to rest or to release, and the next who asks tries again.
      reading = null;
      throw error;
    }
  };
  const model = (): Promise<FrozenModel> => reading ??= read();
  const atHand = (): Promise<FrozenModel> | null => reading;
  const rest = async (): Promise<void> => {
    const here = await reading;
    reading = null;
    await here?.release();
  };
  const format = formatOf(settings);
  const isKept = cache !== null && format !== null;
  const { phases } = recipe.train;
  const isApart = settings.device !== recipe.student.device;
  if (!isKept && !phases && !isApart) {
    const judge = await model();
    return { judge, kept: null, writer: null, model, atHand, rest, release: rest };
  }
  // What the loss multiplies by stays where the student learns; all else of it is elsewhere, or comes and goes.
  const head = await ofThe('teacher', () => openWeights(teacher, executorFor(recipe.student.device), settings, listHead(teacher.folder.config)));
  const release = async (): Promise<void> => {
    head.release();
    await rest();
  };
  const source = { model, rest: phases ? rest : () => Promise.resolve() };
  if (!isKept) {
    const judge: Teacher = { decoder: head.decoder, weights: head.weights, ...source, hidden: async (batch) => (await model()).hidden(batch), hiddenIn: async (memory, batch) => (await model()).hiddenIn(memory, batch), release };
    return { judge, kept: null, writer: null, model, atHand, rest, release };
  }
  const folder = join(cache, 'teachers', await keyOf(settings, format, teacherCompute(recipe)));
  const kept = await inMoves(async (keep) => {
    keep(head);
    return new CachedTeacher(head, head.decoder.encoder, await StateStore.open(folder, format), source);
  });
  return { judge: kept, kept: { teacher: kept, folder }, writer: null, model, atHand, rest, release: async () => { await kept.release(); await release(); } };
}

function formatOf({ cache }: LocalTeacher): 'F16' | 'F32' | null {
  if (cache === false) return null;
  return cache === 'fp32' ? 'F32' : 'F16';
}

/** Tells a teacher from every other that would answer otherwise: what its files hold, and how it computes. */
async function keyOf({ model, precision, products, device }: LocalTeacher, format: string, compute: Compute): Promise<string> {
  const files = (await digestsOf('teacher.model', model)).map(({ path, sha256 }) => [basename(path), sha256]);
  return digestOfText(JSON.stringify({ files, precision, device, format, ...(products === 'exact' && { products }), ...(compute !== 'fp32' && { compute }) })).slice(0, 32);
}
