import { MOST_ROWS } from '../../contract/comparison.ts';
import { Problem } from '../../contract/problem.ts';
import { createComparison, findComparison, insertRows, listComparisons, removeComparison, setComparisonState } from '../../store/comparisons.ts';
import { readComparedRows, summarize } from '../../store/comparison-query.ts';
import { prepareComparison } from '../comparison/prepare.ts';
import { dataOf, runComparison, type ComparisonParts } from '../comparison/run-comparison.ts';
import type { CallsOf, Handlers } from '../handlers.ts';

export function comparisonCalls(parts: ComparisonParts): Handlers<CallsOf<'comparisons'>> {
  const { home: { database }, jobs, feed } = parts;
  const changed = (): void => { feed.publish({ topic: 'comparisons' }); };

  return {
    'comparisons.list': () => listComparisons(database),
    'comparisons.start': async (params) => {
      const comparison = await prepareComparison(parts.home, params);
      // What has no data is refused before it is in the list.
      const texts = comparison.settings.source.kind === 'prompts' ? null : await dataOf(parts.home, comparison);
      await createComparison(database, comparison);
      changed();
      // The person looks at what is there while the rest is computed; how it ended is written down.
      if (texts) void runComparison(parts, comparison, texts);
      return findComparison(database, comparison.id);
    },
    'comparisons.ask': async ({ id, prompt }) => {
      const comparison = await findComparison(database, id);
      const { source } = comparison.settings;
      if (source.kind !== 'prompts') throw new Problem('This comparison has a data set for its prompts.', { hint: 'Begin one of typed prompts.' });
      if (comparison.state === 'going') throw new Problem('The models still answer the prompt before.', { hint: 'Wait for them, or cancel.' });
      if (comparison.rows >= MOST_ROWS) throw new Problem(`A comparison holds at most ${MOST_ROWS} prompts.`, { hint: 'Begin another one.' });
      const example = comparison.rows;
      await database.transaction(async (queries) => {
        await insertRows(queries, id, [{ example, prompt, reference: null }]);
        await setComparisonState(queries, id, 'going');
      });
      changed();
      void runComparison(parts, comparison, { kind: 'prompts', prompts: [{ example, text: prompt }], chat: source.chat, system: source.system ?? null, template: source.template });
      return { example };
    },
    'comparisons.remove': async ({ id }) => {
      if (jobs.list().some((job) => job.id === id && job.state === 'going')) jobs.cancel(id);
      await removeComparison(database, id);
      changed();
      return null;
    },
    'comparisons.rows': ({ id, ...query }) => readComparedRows(database, id, query),
    'comparisons.summary': async ({ id, ...view }) => summarize(database, id, view, (await findComparison(database, id)).models.length),
  };
}
