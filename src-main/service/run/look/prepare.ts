import type { Finding } from '../../../contract/finding.ts';
import type { MemoryForecast } from '../../../contract/forecast.ts';
import type { Method } from '../../../contract/presets.ts';
import type { DataSettings, Recipe } from '../../../contract/recipe.ts';
import { CHECKS, START_CHECKS } from '../../../checks/list.ts';
import { lookAt, problemOf } from '../../../checks/look.ts';
import type { Shipping } from '../../../distill/shipping/ship.ts';
import type { TrainedAdapter } from '../../../model/adapter/trained-adapter.ts';
import type { Model } from '../../../model/load-model.ts';
import type { Alignment } from '../../../text/aligned/alignment.ts';
import type { ExampleSet } from '../../../text/example-set.ts';
import type { EncodedQuestion } from '../../evaluate/choose-answers.ts';
import { refuseUnallowed } from '../../consent/reaches.ts';
import { materialOf, type MaterialOptions } from './material.ts';

/** A recipe without stages, or one of a run's stages, whose files have all been looked at: what it is made from. Nothing has been written yet. */
export interface PreparedRun {
  recipe: Recipe;
  /** Where held-out rows come from and how they become texts. */
  heldOut: DataSettings;
  method: Method;
  student: Model;
  /** What is trained beside the student's weights; null where those are. */
  adapter: TrainedAdapter | null;
  /** How the student is trained as its file will have it; null where that is not asked for. */
  shipping: Shipping | null;
  /** Null also where a server is the teacher. */
  teacher: Model | null;
  serverKey: string | null;
  train: ExampleSet;
  validation: ExampleSet;
  /** The validation examples that are evaluated, for the metric `multiple-choice`. */
  questions: EncodedQuestion[] | null;
  eos: ReadonlySet<number>;
  steps: number;
  microBatchSize: number;
  /** Ids that both models' tokenizers know; the student's own where these are others than the teacher's. */
  sharedVocabulary: number;
  /** How student and teacher speak of one text where their tokenizers differ; null where they do not. */
  alignment: Alignment | null;
  /** What it is expected to take of memory. */
  memory: MemoryForecast;
  /** What is worth knowing and keeps no run from starting. */
  notices: Finding[];
}

export interface PrepareOptions extends MaterialOptions { allowed?: readonly string[] }

/**
 * Checks everything that can be checked before the long work, what reaches outside as well, and opens what the run is
 * made from. @param allowed  digests of what may be reached, @param today  the day the run began. @throws Problem of kind input: the first that is found; the reason of `signal`
 */
export async function prepareRun(recipe: Recipe, runDir: string, { allowed = [], ...how }: PrepareOptions = {}): Promise<PreparedRun> {
  const material = materialOf(recipe, runDir, how);
  const notices: Finding[] = [];
  for await (const finding of lookAt(CHECKS, material)) {
    if (finding.level === 'problem') throw problemOf(finding);
    notices.push(finding);
  }
  const [method, student, train] = [await material.method(), await material.student(), await material.train()];
  const [questions, { microBatchSize, forecast: memory }] = [await material.questions(), await material.memory()];
  refuseUnallowed(recipe, allowed);
  for await (const finding of lookAt(START_CHECKS, material)) {
    if (finding.level === 'problem') throw problemOf(finding);
    notices.push(finding);
  }
  return {
    recipe, heldOut: await material.heldOut(), method, student, train, questions, notices,
    adapter: await material.adapter(), shipping: await material.shipping(), teacher: await material.teacher(), serverKey: await material.serverKey(), validation: await material.validation(), eos: await material.eos(), steps: await material.steps(),
    microBatchSize, memory, sharedVocabulary: await material.sharedVocabulary(), alignment: await material.alignment(),
  };
}
