import { uniform, type Purpose } from '../contract/random.ts';
import type { DecodeSettings } from '../contract/recipe.ts';
import { minP, repetitionPenalty, topK, topP, type LogitsProcessor } from './processors.ts';

/** How the next token is chosen. Processors change what it is chosen from, first to last. */
export type Sampling =
  | { strategy: 'greedy'; processors?: readonly LogitsProcessor[] }
  | {
    strategy: 'sample';
    temperature: number;
    /** Behind the temperature. */
    processors?: readonly LogitsProcessor[];
    /** The number in [0, 1) that decides a text's token at a step: a pure function, so that no batch changes it. */
    uniform(prompt: number, step: number): number;
  }
  | ({ strategy: 'beam'; processors?: readonly LogitsProcessor[] } & BeamSettings);

/** What chooses a token at a time. */
export type TokenSampling = Exclude<Sampling, { strategy: 'beam' }>;
export type BeamSampling = Extract<Sampling, { strategy: 'beam' }>;

export interface BeamSettings {
  /** Texts kept going for each prompt. */
  beams: number;
  /** A finished text's log-probability is divided by its length to this power: above 0 favours long ones. */
  lengthPenalty: number;
  /** `first`: stop once as many texts have ended as there are beams; `likely`: once no better one is likely; `never`: once none is possible. */
  earlyStopping: DecodeSettings['earlyStopping'];
}

/** What the settings of a recipe or a command ask for, with random numbers that belong to the text alone. */
export function samplingOf(settings: DecodeSettings, seed: number, purpose: Purpose): Sampling {
  const { strategy, temperature, beams, lengthPenalty, earlyStopping } = settings;
  const repeated = settings.repetitionPenalty === 1 ? [] : [repetitionPenalty(settings.repetitionPenalty)];
  switch (strategy) {
    case 'greedy': return { strategy, processors: repeated };
    case 'beam': return { strategy, beams, lengthPenalty, earlyStopping, processors: repeated };
    case 'sample': return {
      strategy, temperature,
      processors: [
        ...repeated,
        ...(settings.topK === undefined ? [] : [topK(settings.topK)]),
        ...(settings.topP === undefined ? [] : [topP(settings.topP)]),
        ...(settings.minP === undefined ? [] : [minP(settings.minP)]),
      ],
      uniform: (example, index) => uniform(seed, { purpose, example, index }),
    };
  }
}
