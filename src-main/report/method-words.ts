import { PRESET_TABLE, type Method } from '../contract/presets.ts';
import { DIVERGENCE_NAMES } from '../contract/token-words.ts';
import { percent, plain } from './write-number.ts';

/** A method as a person would tell it. */
export function methodInWords(method: Method): string {
  const { preset, divergence, beta, lambda, lambdaSchedule, samplingTemperature, lossTemperature, reduction } = method;
  const text = lambda === 0 ? 'All training text is given; the student writes none of it.'
    : lambda === 1 ? 'All training text is the student\'s own.'
      : `The student writes ${percent(lambda)} of the training text itself (λ\u00a0${plain(lambda)}${lambdaSchedule === 'linear' ? ', reached in even steps' : ''}).`;
  const loss = divergence === 'cross_entropy' ? 'Every token is learned as it stands (cross-entropy).'
    : `At every token the student is drawn to the teacher by ${DIVERGENCE_NAMES[divergence]}${divergence === 'jsd' ? ` with β\u00a0${plain(beta)}` : ''}.`;
  const sampled = lambda === 0 ? '' : ` Sampled at temperature\u00a0${plain(samplingTemperature)}.`;
  const rest = `${lossTemperature === 1 ? '' : ` Both models at temperature\u00a0${plain(lossTemperature)} in the loss.`} Averaged ${reduction === 'sequence' ? 'over each text first' : 'over all tokens alike'}.`;
  return `${PRESET_TABLE[preset].summary} ${text} ${loss}${sampled}${rest}`;
}
