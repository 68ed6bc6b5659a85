import { z } from 'zod';
import { help } from './help.ts';
import { resolveMethod, type Method } from './presets.ts';
import type { Recipe } from './recipe.ts';

/** What a stage cannot say for itself, and why, by the recipe's field. */
const OF_THE_RUN: Readonly<Record<string, string>> = {
  teacher: 'the teacher is the run\'s, and is in memory only while a stage needs it',
  student: 'each stage goes on with the student of the one before',
  data: 'all stages learn from the run\'s data',
  evaluate: 'evaluations are the run\'s, so that stages can be compared',
  checkpoint: 'checkpoints are the run\'s, and each stage ends with one',
  seed: 'the seed is the run\'s',
  steps: 'steps belong into the stage\'s train section',
  epochs: 'epochs belong into the stage\'s train section',
};

/**
 * Makes the validator of a recipe's stages from those of its own sections.
 * @returns parses what a stage says itself and nothing more: `stagesOf` gives it the rest
 */
export function stagesSchema<OfMethod extends z.ZodRawShape, OfTrain extends z.ZodRawShape>(method: z.ZodObject<OfMethod>, train: z.ZodObject<OfTrain>) {
  const stage = z.strictObject({
    name: z.string().min(1).max(60).meta(help('What the stage is called in charts and messages.')),
    method: z.strictObject(said(method.shape)).optional(),
    train: z.strictObject(said(train.shape)).optional(),
  }, { error: ({ code, keys }) => (code === 'unrecognized_keys' ? refusal(keys ?? []) : undefined) });
  return z.array(stage).min(1, 'at least one stage is expected; leave stages out for a run of one part').superRefine((stages, context) => {
    for (const [at, { name }] of stages.entries()) {
      if (stages.findIndex((other) => other.name === name) < at) context.addIssue({ code: 'custom', path: [at, 'name'], input: name, message: 'another stage is called so' });
    }
  });
}

/** A section's fields without what stands for those that are left out. */
type Said<Shape extends z.ZodRawShape> = { [Field in keyof Shape]: z.ZodOptional<Shape[Field] extends z.ZodDefault<infer Inner> | z.ZodOptional<infer Inner> ? Inner : Shape[Field]> };

function said<Shape extends z.ZodRawShape>(shape: Shape): Said<Shape> {
  const inner = (field: z.core.$ZodType): z.core.$ZodType => (field instanceof z.ZodDefault || field instanceof z.ZodOptional ? field.unwrap() : field);
  return Object.fromEntries(Object.entries(shape).map(([name, field]) => [name, z.optional(inner(field))])) as Said<Shape>;
}

function refusal(keys: readonly string[]): string | undefined {
  const why = keys.flatMap((key) => OF_THE_RUN[key] ?? []);
  return why.length === 0 ? undefined : why.join('; ');
}

/** A part of a run, as the recipe that a run of this part alone would have. */
export interface Stage {
  /** Null of a recipe without stages: the run is one. */
  name: string | null;
  recipe: Recipe;
}

/**
 * What a run does one after the other; a recipe without stages is one. A stage that names a preset has a method of its own,
 * one that does not changes the recipe's; what its train section leaves open the recipe's says. The best checkpoint is
 * looked for in the last stage, whose student is what the run is made for.
 */
export function stagesOf({ stages, ...recipe }: Recipe): readonly [Stage, ...Stage[]] {
  if (!stages) return [{ name: null, recipe }];
  const { best: _best, patience: _patience, ...evaluate } = recipe.evaluate;
  return stages.map(({ name, method = {}, train = {} }, at): Stage => {
    const { steps, epochs, ...shared } = recipe.train;
    const length = train.steps === undefined && train.epochs === undefined ? { steps, epochs } : {};
    return {
      name,
      recipe: {
        ...recipe,
        method: (method.preset === undefined ? { ...recipe.method, ...method } : method) as Recipe['method'],
        train: { ...shared, ...length, ...train } as Recipe['train'],
        evaluate: at === stages.length - 1 ? recipe.evaluate : evaluate,
      },
    };
  }) as [Stage, ...Stage[]];
}

/** A run's last stage: what its student comes from in the end. */
export const lastStage = (recipe: Recipe): Stage => stagesOf(recipe).at(-1)!;

/** How a run ends up learning: the method of its last stage, with every choice made. */
export const methodAtEnd = (recipe: Recipe): Method => resolveMethod(lastStage(recipe).recipe.method).method;

/** How messages call a stage; nothing of a run that is one. */
export const stageWords = ({ name }: Pick<Stage, 'name'>): string => (name === null ? '' : `Stage "${name}": `);

/** That a stage begins, in a sentence. */
export const stageSentence = ({ name, number, of, first, steps }: { name: string; number: number; of: number; first: number; steps: number }): string =>
  `Stage ${number} of ${of} begins: "${name}", steps ${first + 1} to ${first + steps}.`;
