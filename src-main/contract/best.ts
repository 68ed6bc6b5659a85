/** The best evaluation of a run so far, by the recipe's `evaluate.best`. Step 0 is the student before training. */
export interface BestScore { name: string; step: number; value: number }

/** Why a run ended before its last step: so many evaluations in a row brought no better number. */
export interface StoppedEarly { metric: string; evaluations: number }

const scoreText = ({ name, value }: BestScore): string => `${name} ${value.toFixed(4)}`;

/** `rougeL 0.2130 at step 400` */
export const bestText = (best: BestScore): string => `${scoreText(best)} ${best.step === 0 ? 'before training' : `at step ${best.step}`}`;

/** What is to be said behind a checkpoint: `, the best so far: rougeL 0.2130`, or nothing. */
export const bestHereText = ({ step, best }: { step: number; best?: BestScore }): string => (best?.step === step ? `, the best so far: ${scoreText(best)}` : '');

/** `4 evaluations in a row brought no better rougeL` */
export const earlyText = ({ metric, evaluations }: StoppedEarly): string =>
  `${evaluations === 1 ? 'an evaluation' : `${evaluations} evaluations in a row`} brought no better ${metric}`;
