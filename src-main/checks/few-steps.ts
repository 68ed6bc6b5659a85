import { check, notice } from './check.ts';

const FEW = 20;
const SUGGESTED = 200;

/** A run makes enough updates to change something. */
export const fewSteps = check('few-steps', ['steps'], ({ steps }) => (steps >= FEW ? [] : [notice('few-steps', {
  field: 'train.steps', message: `The run makes ${steps === 1 ? 'one update' : `${steps} updates`} in all, too few for the student to learn much.`,
  // `epochs: null` takes the other way of saying it out of the recipe.
  mend: { label: `Make ${SUGGESTED}`, patch: { train: { steps: SUGGESTED, epochs: null } } },
})]));
