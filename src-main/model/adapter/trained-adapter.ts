import { ALL_LINEAR, alphaOf, type AdapterSettings } from '../../contract/adapter.ts';
import { Problem } from '../../contract/problem.ts';
import type { Recipe } from '../../contract/recipe.ts';
import { buildDecoder } from '../../nn/build.ts';
import { chooseAdapters } from '../../nn/adapters/choose.ts';
import { isTarget } from '../../nn/adapters/modules.ts';
import type { Adapters } from '../../nn/weights/adapted.ts';
import type { ModelFiles } from '../model-files.ts';
import { AdaptedModel } from './adapted-model.ts';
import type { SavedAdapter } from './saved-adapter.ts';

/** What a run trains where it trains adapters beside a base model that stays as it is. */
export interface TrainedAdapter {
  readonly base: ModelFiles;
  readonly adapters: Adapters;
  /** Share of an adapter's inputs that a step leaves out. */
  readonly dropout: number;
  /** The one that is trained on; null for a fresh one. */
  readonly saved: SavedAdapter | null;
}

/**
 * The adapter that a recipe trains; null where the whole student is trained.
 * @throws Problem where the recipe contradicts the student, or names a matrix that it does not have
 */
export function trainedAdapter(student: ModelFiles, { adapter: settings, precision, ship }: Recipe['student']): TrainedAdapter | null {
  if (ship !== undefined && (settings || student instanceof AdaptedModel)) {
    throw new Problem(`student.ship is ${ship}, and the student trains an adapter, beside weights that stay as they are.`, {
      hint: 'Leave student.ship out, or train the whole student: leave student.adapter out, and merge the adapter of student.model first where that is one.',
    });
  }
  if (student instanceof AdaptedModel) {
    const { base, adapter: saved } = student;
    if (settings) refuseOther(saved, settings);
    return withoutHeadDropout({ base, saved, adapters: saved.adapters, dropout: settings?.dropout ?? saved.config.lora_dropout });
  }
  if (settings) return withoutHeadDropout({ base: student, saved: null, adapters: chooseAdapters(student.config, settings), dropout: settings.dropout });
  if (precision === undefined || precision === 'fp32') return null;
  throw new Problem(`student.precision is ${precision}, and the whole student is trained, which is only possible in fp32.`, {
    hint: 'Leave student.precision out, or train an adapter beside the student: "adapter": {} in student.',
  });
}

/** The output layer sees single positions, for which no dropout is drawn. @throws Problem where an adapter of it is to have some */
function withoutHeadDropout(adapter: TrainedAdapter): TrainedAdapter {
  const { base, adapters, dropout } = adapter;
  const { outputLayer } = buildDecoder(base.config);
  const head = dropout > 0 && [...adapters.values()].find(({ matrix }) => matrix.name === outputLayer.name);
  if (!head) return adapter;
  throw new Problem(`student.adapter has a dropout of ${dropout} and an adapter of the output layer (${head.module}), where Retort draws none.`, {
    hint: 'Set student.adapter.dropout to 0, or leave the output layer out of student.adapter.targets.',
  });
}

/** @throws Problem where a recipe asks for another adapter than the one that the student's folder holds */
function refuseOther({ path, adapters }: SavedAdapter, settings: AdapterSettings): void {
  const { rank, targets } = settings;
  const strange = [...adapters.values()].find((adapter) => (
    adapter.rank !== rank || Math.abs(adapter.scale - alphaOf(settings) / rank) > 1e-9 || (targets !== ALL_LINEAR && !targets.some((target) => isTarget(adapter.module, target)))));
  if (!strange) return;
  const { module, rank: found, scale } = strange;
  throw new Problem(`student.model is an adapter (${path}), and student.adapter asks for another one: ${module} has rank ${found} and alpha ${scale * found}.`, {
    hint: 'Leave student.adapter out to train this one on, or merge it and begin a new one beside the whole: retort model merge.',
  });
}
