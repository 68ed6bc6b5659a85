import type { MemoryForecast, Remedy } from '../contract/forecast.ts';
import type { Method } from '../contract/presets.ts';
import type { DataSettings, Recipe } from '../contract/recipe.ts';
import type { Shipping } from '../distill/shipping/ship.ts';
import type { TrainedAdapter } from '../model/adapter/trained-adapter.ts';
import type { Model } from '../model/load-model.ts';
import type { Alignment } from '../text/aligned/alignment.ts';
import type { EncodedExample } from '../text/encoded-example.ts';
import type { ExampleSet } from '../text/example-set.ts';

/** What checks look at, each opened or read when the first of them asks for it. */
export interface Needs {
  recipe: Recipe;
  /** Where held-out rows come from and how they become texts; of a stage with data of its own not what it trains on. */
  heldOut: DataSettings;
  /** Where the run would lie. */
  runDir: string;
  method: Method;
  student: Model;
  /** What is trained beside the student's weights; null where those are. */
  adapter: TrainedAdapter | null;
  /** How the student is trained as its file will have it; null where that is not asked for. */
  shipping: Shipping | null;
  /** Null where the run asks none, and where a server is the teacher. */
  teacher: Model | null;
  /** What a server wants to know before it answers; null where there is none. */
  serverKey: string | null;
  /** Both models, once it is known that they fit each other. */
  models: readonly Model[];
  /** Ids below this are known to all of them. */
  sharedVocabulary: number;
  /** How the two speak of one text where their tokenizers differ; null where they do not, and without a teacher here. */
  alignment: Alignment | null;
  /** Tokens that end the student's texts. */
  eos: ReadonlySet<number>;
  train: ExampleSet;
  validation: ExampleSet;
  /** Those of `validation` that evaluations use. */
  evaluated: readonly EncodedExample[];
  /** What the run will take of memory; where its data cannot be had, by the bounds of the recipe. */
  memory: MemoryOutlook;
  /** Updates in all. */
  steps: number;
}

/** What a run takes of memory, computing so many examples at once, and what would lower it (which takes a moment to work out). */
export interface MemoryOutlook { forecast: MemoryForecast; microBatchSize: number; remedies(): Promise<Remedy[]> }

/** Opens what checks need, each once. @throws Problem where it cannot be had */
export type Material = { readonly [Need in keyof Needs]: () => Promise<Needs[Need]> };
