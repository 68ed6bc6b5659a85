interface MetricGroup { title: string; metrics: readonly { name: string; help: string }[] }

/** Metrics by what they say of an answer. */
const GROUPS: readonly MetricGroup[] = [
  {
    title: 'Right answers', metrics: [
      { name: 'exact-match', help: 'the text is the reference' },
      { name: 'accuracy', help: 'its number is the reference\'s, as in GSM8K' },
      { name: 'token-f1', help: 'words shared, as in SQuAD' },
      { name: 'multiple-choice', help: 'the likeliest of a few choices' },
    ],
  },
  {
    title: 'Near the reference', metrics: [
      { name: 'rouge', help: 'summaries: all four of ROUGE' },
      { name: 'rouge1', help: 'words' },
      { name: 'rouge2', help: 'pairs of words' },
      { name: 'rougeL', help: 'longest common sequence' },
      { name: 'rougeLsum', help: 'the same, line by line' },
      { name: 'bleu', help: 'translations' },
      { name: 'bleu-intl', help: 'BLEU, cut by Unicode' },
      { name: 'chrf', help: 'translations, by characters' },
    ],
  },
  {
    title: 'Variety', metrics: [
      { name: 'distinct', help: 'both of the next' },
      { name: 'distinct-1', help: 'share of different words' },
      { name: 'distinct-2', help: 'share of different pairs' },
      { name: 'self-bleu', help: 'how alike its texts are' },
    ],
  },
  {
    title: 'The model itself', metrics: [
      { name: 'perplexity', help: 'surprise at the right answers' },
      { name: 'acceptance', help: 'drafts that the teacher accepts' },
    ],
  },
];

/** The metrics that there are, in their groups; what stands in none, such as a name that a recipe has wrong, in a last one. */
export function metricGroups(names: readonly string[]): MetricGroup[] {
  const known = GROUPS.map(({ title, metrics }) => ({ title, metrics: metrics.filter(({ name }) => names.includes(name)) }));
  const placed = new Set(GROUPS.flatMap(({ metrics }) => metrics.map(({ name }) => name)));
  return [...known, { title: 'Others', metrics: names.filter((name) => !placed.has(name)).map((name) => ({ name, help: '' })) }].filter(({ metrics }) => metrics.length > 0);
}
