import { z } from 'zod';
import { help } from './help.ts';
import { decodeSchema } from './recipe.ts';

/**
 * A study: one JSON document that describes many runs that are to be compared. Its recipes are written as changes
 * to one recipe, and each is checked as a recipe once the changes are made.
 */

const text = z.string().min(1);
const changes = z.record(text, z.json());

const arm = z.strictObject({
  name: text.max(100).meta(help('What the arm is called in table and picture.')),
  recipe: changes.default({}).meta(help('Changes to the study\'s recipe, as a JSON merge patch (RFC 7396): objects are merged, null removes a field.')),
});

const evaluation = z.strictObject({
  name: text.max(100).meta(help('What the evaluation is called.')),
  metrics: z.array(text).min(1).meta(help('Metrics, as in a recipe.')),
  data: text.optional().meta(help('Data file; the recipe\'s validation file if left out.')),
  examples: z.int().positive().optional().meta(help('Only the first rows.')),
  maxNewTokens: z.int().positive().optional().meta(help('Longest answer; the recipe\'s maxCompletionTokens if left out.')),
  decode: decodeSchema.prefault({}).meta(help('How text is written, as in a recipe.')),
});

const chart = z.strictObject({
  y: text.meta(help('The metric that is drawn upwards, or along where the arms are rows.')),
  x: text.optional().meta(help('A field of the grid, or another metric. Left out: the arms are rows.')),
  evaluation: text.optional().meta(help('Which evaluation is drawn. Left out: the first one, or all of them as points of a line where x is a metric.')),
  log: z.boolean().default(false).meta(help('Draw x on a logarithmic axis.')),
});

export const studySchema = z.strictObject({
  name: text.max(100).meta(help('What the study is called; its runs in the history carry it as a tag.')),
  recipe: changes.meta(help('The recipe that all runs share, without name and seed. Paths are relative to the study\'s file.')),
  arms: z.array(arm).min(1).meta(help('What is compared: systems, methods, divergences.')),
  grid: z.record(text, z.array(z.json()).min(1)).default({}).meta(help(
    'Fields of the recipe and the values each takes, for example {"method.lambda": [0, 0.5, 1]}. Every arm runs with every combination.')),
  seeds: z.array(z.int().min(0).max(2 ** 32 - 1)).min(1).default([0]).meta(help('Every combination runs once with each.')),
  evaluations: z.array(evaluation).default([]).meta(help(
    'How teacher, starting student and every finished student are measured. Left out: the last evaluation of each run counts.')),
  chart: chart.meta(help('The picture.')),
});

export type Study = z.infer<typeof studySchema>;
export type StudyEvaluation = z.infer<typeof evaluation>;
