import type { DivergenceName } from './divergence.ts';
import type { RewardSettings } from './reward.ts';

export const PRESETS = [
  'sft', 'supervised-kd', 'seqkd', 'imitkd', 'f-distill', 'minillm', 'on-policy-kd', 'gkd', 'self-distill', 'rl-gkd', 'distillspec',
] as const;
export type PresetName = (typeof PRESETS)[number];

/** A method with every choice made: what the trainer reads. */
export interface Method {
  preset: PresetName;
  lambda: number;
  lambdaSchedule: 'constant' | 'linear';
  lambdaRampSteps: number;
  mixing: 'batch' | 'example';
  divergence: DivergenceName;
  beta: number;
  normalizeBeta: boolean;
  samplingTemperature: number;
  lossTemperature: number;
  reduction: 'sequence' | 'token';
  source: 'data' | 'teacher';
  teacherTemperature: number;
  alpha: number;
  samplesPerPrompt: number;
  reward?: RewardSettings;
  teacherMix: number;
  lengthNormalization: boolean;
  importanceClip: number;
}

interface Preset {
  /** One sentence for the card in the wizard and for the documentation. */
  summary: string;
  /** What makes the method what it is; a recipe that says otherwise is refused. */
  fixed: Partial<Method>;
  /** Where the method leaves a choice, but not every one. */
  choices?: { readonly divergence: readonly DivergenceName[] };
  /** What the method starts from; a recipe may choose differently. */
  defaults: Partial<Method>;
}

const BASE: Omit<Method, 'preset'> = {
  lambda: 0.5,
  lambdaSchedule: 'constant',
  lambdaRampSteps: 0,
  mixing: 'batch',
  divergence: 'forward_kl',
  beta: 0.5,
  normalizeBeta: false,
  samplingTemperature: 1,
  lossTemperature: 1,
  reduction: 'sequence',
  source: 'data',
  teacherTemperature: 0,
  alpha: 1,
  samplesPerPrompt: 1,
  teacherMix: 0,
  lengthNormalization: false,
  importanceClip: 0.2,
};

/** Fields that mean nothing to any other preset. */
const OWNERS: Partial<Record<keyof Method, PresetName>> = {
  alpha: 'rl-gkd', samplesPerPrompt: 'rl-gkd', reward: 'rl-gkd',
  teacherMix: 'minillm', lengthNormalization: 'minillm', importanceClip: 'minillm',
};

export const PRESET_TABLE: Record<PresetName, Preset> = {
  'sft': {
    summary: 'Fine-tune the student on the data\'s own completions; no teacher is needed.',
    fixed: { lambda: 0, divergence: 'cross_entropy', source: 'data' },
    defaults: {},
  },
  'supervised-kd': {
    summary: 'The teacher judges every token of fixed completions (Hinton 2015, Sanh 2019).',
    fixed: { lambda: 0 },
    defaults: { divergence: 'forward_kl' },
  },
  'seqkd': {
    summary: 'The teacher writes the completions first; the student is fine-tuned on them (Kim and Rush 2016).',
    fixed: { lambda: 0, divergence: 'cross_entropy', source: 'teacher' },
    defaults: {},
  },
  'imitkd': {
    summary: 'Half data, half the student\'s own text, judged by forward KL (Lin et al. 2020).',
    fixed: { divergence: 'forward_kl' },
    defaults: { lambda: 0.5 },
  },
  'f-distill': {
    summary: 'Half the teacher\'s own text, half the student\'s, judged by a symmetric divergence (Wen et al. 2023).',
    fixed: { source: 'teacher', beta: 0.5 },
    choices: { divergence: ['tvd', 'jsd'] },
    // What the teacher writes stands for its distribution, so it is drawn from it.
    defaults: { lambda: 0.5, divergence: 'tvd', teacherTemperature: 1 },
  },
  'minillm': {
    summary: 'Reverse KL of whole texts by policy gradient, written with a little help from the teacher (Gu et al. 2024).',
    // The gradient is that of the distribution the text was drawn from.
    fixed: { lambda: 1, divergence: 'reverse_kl', samplingTemperature: 1, lossTemperature: 1 },
    // As the authors' program, by tokens.
    defaults: { reduction: 'token', teacherMix: 0.2, lengthNormalization: true },
  },
  'on-policy-kd': {
    summary: 'Only the student\'s own text, judged by forward KL.',
    fixed: { lambda: 1 },
    defaults: { divergence: 'forward_kl' },
  },
  'gkd': {
    summary: 'Any mixture of data and the student\'s own text with any divergence (Agarwal et al. 2024).',
    fixed: {},
    defaults: { lambda: 0.5, divergence: 'jsd', beta: 0.5 },
  },
  'self-distill': {
    summary: 'The teacher is as large as the student, or its own starting point.',
    fixed: {},
    defaults: { lambda: 1, divergence: 'forward_kl' },
  },
  'rl-gkd': {
    summary: 'Earns a reward with its own text while the teacher holds it close: alpha weighs one against the other (Agarwal et al. 2024, Eq. 5).',
    // The gradient of the reward is that of the distribution the text was drawn from.
    fixed: { lambda: 1, samplingTemperature: 1, lossTemperature: 1 },
    choices: { divergence: ['forward_kl', 'reverse_kl', 'jsd', 'tvd'] },
    // Any divergence may be chosen; the paper recommends one that seeks the teacher's modes.
    defaults: { divergence: 'reverse_kl', beta: 0.9, alpha: 0.5 },
  },
  'distillspec': {
    summary: 'Trains a draft model for speculative decoding on its own text, so that the teacher accepts more of it (Zhou et al. 2024).',
    fixed: { lambda: 1 },
    // The share of drafted tokens that a teacher accepts is 1 minus the total variation.
    defaults: { divergence: 'tvd' },
  },
};

/** A field that says what its preset does not allow, and in words what it allows. */
export interface MethodConflict { field: string; value: unknown; allowed: string }

/**
 * Completes a method from its preset. What the recipe says wins over the preset's defaults;
 * where it contradicts what the preset is, the contradictions are returned instead.
 */
export function resolveMethod(
  input: { preset: PresetName } & { [K in keyof Method]?: Method[K] | undefined },
): { method: Method; conflicts: MethodConflict[] } {
  const preset = PRESET_TABLE[input.preset];
  const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
  const method: Method = { ...BASE, ...preset.defaults, ...given, ...preset.fixed, preset: input.preset };
  const conflicts = Object.keys(given).flatMap((name): MethodConflict[] => {
    const allowed = allowedIn(input.preset, name);
    return allowed === null || allowed.includes(given[name]) ? [] : [{ field: `method.${name}`, value: given[name], allowed: allowed.map((value) => JSON.stringify(value) ?? 'nothing').join(' or ') }];
  });
  return { method, conflicts };
}

/** The only preset that a field of the method means something to, or null where it is for several. */
export function ownerOf(field: string): PresetName | null {
  return OWNERS[field as keyof Method] ?? null;
}

/** The values a preset leaves to choose from in a field of the method, or null where it leaves all. */
export function allowedIn(preset: PresetName, field: string): readonly unknown[] | null {
  const { fixed, choices } = PRESET_TABLE[preset];
  const name = field as Exclude<keyof Method, 'preset'>;
  if (name in fixed) return [fixed[name]];
  const owner = ownerOf(field);
  if (owner !== null && owner !== preset) return [BASE[name]];
  return field === 'divergence' ? choices?.divergence ?? null : null;
}

/** Whether training asks a teacher for its distribution, or for text. */
export function needsTeacher(method: Method): boolean {
  return method.divergence !== 'cross_entropy' || method.source === 'teacher';
}
