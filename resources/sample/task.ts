import { integer } from '../../src-main/contract/random.ts';

/** One exercise: a chain of sums, worked out step by step. */
export interface Exercise { question: string; solution: string }

const OPERATIONS = 5;

/**
 * Exercise number `index` of a seed: running totals stay between 0 and 99, and a slip in one step spoils all that follow.
 *
 *     27+8-5+9-7+4= 27+8=35;35-5=30;30+9=39;39-7=32;32+4=36;#36
 */
export function exercise(seed: number, index: number): Exercise {
  const draw = (at: number, below: number): number => integer(seed, { purpose: 'init', example: index, index: at }, below);
  let total = 1 + draw(0, 98);
  let question = String(total);
  let solution = '';
  for (let at = 1; at <= OPERATIONS; at++) {
    const number = 1 + draw(2 * at, 9);
    const isSum = total < number || (total + number < 100 && draw(2 * at + 1, 2) === 0);
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
