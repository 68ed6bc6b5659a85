import { countParameters } from '../nn/build.ts';
import { check, notice } from './check.ts';

/** From here on a decoder is taken for a pretrained one: what is trained from scratch on a workstation is smaller. */
const PRETRAINED = { parameters: 50e6, vocabulary: 16_000 };
/** Above this a pretrained decoder forgets what it knew. */
const HIGHEST = 1e-4;
const SUGGESTED = 5e-5;

/** A pretrained decoder is not trained at the rate of a small one. */
export const learningRate = check('learning-rate', ['recipe', 'student'], ({ recipe: { train }, student: { decoder, parameters } }) => {
  const count = countParameters(parameters);
  const isPretrained = decoder.encoder === null && count >= PRETRAINED.parameters && decoder.vocabSize >= PRETRAINED.vocabulary;
  if (!isPretrained || train.optimizer !== 'adamw' || train.learningRate <= HIGHEST) return;
  return [notice('learning-rate', {
    field: 'train.learningRate',
    message: `The learning rate is ${train.learningRate}, and the student, with ${Math.round(count / 1e6)}M parameters and ${decoder.vocabSize} tokens, looks like a pretrained decoder: `
      + 'at more than 1e-4 such a model often forgets what it knew.',
    mend: { label: `Use ${SUGGESTED}`, patch: { train: { learningRate: SUGGESTED } } },
  })];
});
