import type { DivergenceName } from './divergence.ts';

export const PRESETS = [
  'sft', 'supervised-kd', 'seqkd', 'imitkd', 'on-policy-kd', 'gkd', 'self-distill',
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
}

interface Preset {
  /** One sentence for the card in the wizard and for the documentation. */
  summary: string;
  /** What makes the method what it is; a recipe that says otherwise is refused. */
  fixed: Partial<Method>;
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
};

export interface MethodConflict { field: string; value: unknown; required: unknown }

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
  const conflicts = Object.entries(preset.fixed)
    .filter(([field, value]) => field in given && given[field] !== value)
    .map(([field, value]) => ({ field: `method.${field}`, value: given[field], required: value }));
  return { method, conflicts };
}

/** Whether training asks a teacher for its distribution, or for text. */
export function needsTeacher(method: Method): boolean {
  return method.divergence !== 'cross_entropy' || method.source === 'teacher';
}
