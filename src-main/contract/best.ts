import type { BestScore } from './events.ts';

/** Why a run ended before its last step: so many evaluations in a row brought no better number. */
export interface StoppedEarly { metric: string; evaluations: number }

/** `rougeL 0.2130 at step 400` */
export const bestText = ({ name, value, step }: BestScore): string => `${name} ${value.toFixed(4)} ${step === 0 ? 'before training' : `at step ${step}`}`;

/** `4 evaluations in a row brought no better rougeL` */
export const earlyText = ({ metric, evaluations }: StoppedEarly): string =>
  `${evaluations === 1 ? 'an evaluation' : `${evaluations} evaluations in a row`} brought no better ${metric}`;
