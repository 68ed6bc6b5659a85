import { integer } from '../../src-main/contract/random.ts';

/** One exercise: a chain of sums, worked out step by step. */
export interface Exercise { question: string; solution: string }

const OPERATIONS = 3;

/**
 * Exercise number `index` of a seed. Numbers have two digits; running totals stay between 0 and 199.
 *
 *     27+48-31+9= 27+48=75;75-31=44;44+9=53;#53
 */
export function exercise(seed: number, index: number): Exercise {
  const draw = (at: number, below: number): number => integer(seed, { purpose: 'init', example: index, index: at }, below);
  let total = 1 + draw(0, 99);
  let question = String(total);
  let solution = '';
  for (let at = 1; at <= OPERATIONS; at++) {
    const number = 1 + draw(2 * at, 99);
    const isSum = total < number || (total + number < 200 && draw(2 * at + 1, 2) === 0);
    const next = isSum ? total + number : total - number;
    const step = `${isSum ? '+' : '-'}${number}`;
    question += step;
    solution += `${total}${step}=${next};`;
    total = next;
  }
  return { question: `${question}=`, solution: `${solution}#${total}` };
}

/** Characters of the task; each is a token. */
export const ALPHABET = '0123456789+-=;#';
