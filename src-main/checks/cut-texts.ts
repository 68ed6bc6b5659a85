import { cutTexts } from '../text/cut-texts.ts';
import { allLengths } from '../text/example-set.ts';
import { summarizeLengths } from '../text/length-summary.ts';
import { check } from './check.ts';

/** How many texts lose a part to the limits of the recipe. */
export const cutTraining = check('cut-texts', ['recipe', 'train'], ({ recipe: { data }, train }) => cutTexts(summarizeLengths(allLengths(train)), data, 'training'));
export const cutHeldOut = check('cut-texts', ['recipe', 'validation'], ({ recipe: { data }, validation }) => cutTexts(summarizeLengths(allLengths(validation)), data, 'held-out'));
