import { basename, join } from 'node:path';
import type { Recipe } from '../../contract/recipe.ts';
import type { FrozenModel } from '../../distill/frozen-model.ts';
import type { Teacher } from '../../distill/teacher.ts';
import { digestOfText } from '../../files/digest.ts';
import { executorFor, ofThe, openWeights } from '../../model/load-model.ts';
import { listHead } from '../../nn/build.ts';
import { CachedTeacher } from '../../teacher/cached-teacher.ts';
import { StateStore } from '../../teacher/state-store.ts';
import { readTeacher } from './build-trainer.ts';
import { digestsOf } from './inputs.ts';
import type { OpenedBase } from './open-base.ts';
import type { PreparedRun } from './prepare.ts';

/** A run's teacher: what judges texts by it, and the whole model for whoever needs that, read when it is first asked for. */
export interface RunTeacher {
  judge: Teacher;
  /** What it keeps on the disk; null where it keeps nothing. */
  kept: { teacher: CachedTeacher; folder: string } | null;
  model(): Promise<FrozenModel>;
  /** The whole model if it has been read; null otherwise. */
  atHand(): Promise<FrozenModel> | null;
  /** Lets the whole model go; whoever asks for it reads it again. */
  rest(): Promise<void>;
  release(): Promise<void>;
}

/**
 * @param cache  folder in which teachers keep what the recipe asks them to; null to keep nothing
 * @param own    what the student stands beside, where that is the teacher; null otherwise
 */
export async function openRunTeacher(run: PreparedRun, cache: string | null, own: OpenedBase | null = null): Promise<RunTeacher | null> {
  const { teacher, recipe } = run;
  if (!teacher || !recipe.teacher) return null;
  let reading: Promise<FrozenModel> | null = null;
  const model = (): Promise<FrozenModel> => reading ??= readTeacher(run, own).then((read) => read!);
  const atHand = (): Promise<FrozenModel> | null => reading;
  const rest = async (): Promise<void> => {
    const read = await reading;
    reading = null;
    await read?.release();
  };
  const format = formatOf(recipe.teacher);
  const isKept = cache !== null && format !== null;
  const { phases } = recipe.train;
  if (!isKept && !phases) {
    const judge = await model();
    return { judge, kept: null, model, atHand, rest, release: rest };
  }
  // What the loss multiplies by stays; all else of it comes and goes.
  const head = await ofThe('teacher', () => openWeights(teacher, executorFor('cpu'), recipe.teacher!.precision, listHead(teacher.folder.config)));
  const source = { model, rest: phases ? rest : () => Promise.resolve() };
  if (!isKept) {
    return { judge: { ...head, ...source, hidden: async (batch) => (await model()).hidden(batch), release: rest }, kept: null, model, atHand, rest, release: rest };
  }
  const folder = join(cache, 'teachers', await keyOf(recipe.teacher, format));
  const kept = new CachedTeacher(head, head.decoder.encoder, await StateStore.open(folder, format), source);
  return { judge: kept, kept: { teacher: kept, folder }, model, atHand, rest, release: async () => { await kept.release(); await rest(); } };
}

type TeacherSettings = NonNullable<Recipe['teacher']>;

function formatOf({ cache }: TeacherSettings): 'F16' | 'F32' | null {
  if (cache === false) return null;
  return cache === 'fp32' ? 'F32' : 'F16';
}

/** Tells a teacher from every other that would answer otherwise: what its files hold, and how it computes. */
async function keyOf({ model, precision, device }: TeacherSettings, format: string): Promise<string> {
  const files = (await digestsOf('teacher.model', model)).map(({ path, sha256 }) => [basename(path), sha256]);
  return digestOfText(JSON.stringify({ files, precision, device, format })).slice(0, 32);
}
