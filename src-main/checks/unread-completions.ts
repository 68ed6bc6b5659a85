import { lambdaAt } from '../distill/mixture.ts';
import { check, notice } from './check.ts';

/** Answers that are given are learned from. */
export const unreadCompletions = check('unread-completions', ['recipe', 'method'], ({ recipe: { data }, method }) => {
  const isGiven = data.completion !== undefined || data.messages !== undefined;
  // Lambda may rise to 1 from less.
  if (!isGiven || method.source !== 'data' || lambdaAt(method, 1) < 1 || method.reward) return;
  return [notice('unread-completions', {
    field: 'method.lambda',
    message: 'The answers of your data are not learned from: lambda is 1, so that the student learns from its own text alone. They only serve to evaluate.',
    // Where the method is what fixes lambda, no number can be given.
    ...(method.preset === 'gkd' || method.preset === 'self-distill' || method.preset === 'imitkd'
      ? { mend: { label: 'Learn from both', patch: { method: { lambda: 0.5 } } } }
      : { hint: 'Use the method gkd with a lambda of 0.5 to learn from both.' }),
  })];
});
