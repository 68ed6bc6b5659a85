import { Problem } from '../contract/problem.ts';
import { check } from './check.ts';

/** A device has no numbers of half the size that are rounded by chance. */
export const deviceMoments = check('device-moments', ['recipe'], ({ recipe: { student: { device }, train: { moments } } }) => {
  if (device === 'cpu' || moments === 'fp32') return;
  throw new Problem(`train.moments is ${moments}, and the student learns on the device "${device}", which keeps them in fp32.`, {
    hint: 'Leave train.moments out, use the optimizer "adafactor", which keeps next to none, or the device "cpu".',
  });
});
