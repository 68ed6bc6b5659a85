import { z } from 'zod';
import type { StageBegun } from './events.ts';
import { help } from './help.ts';
import { resolveMethod, type Method } from './presets.ts';
import type { DataSettings, Recipe } from './recipe.ts';

/** What a stage cannot say for itself, and why, by the recipe's field. */
const OF_THE_RUN: Readonly<Record<string, string>> = {
  teacher: 'the teacher is the run\'s, and is in memory only while a stage needs it',
  student: 'each stage goes on with the student of the one before',
  checkpoint: 'checkpoints are the run\'s, and each stage ends with one',
  seed: 'the seed is the run\'s',
  steps: 'steps belong into the stage\'s train section',
  epochs: 'epochs belong into the stage\'s train section',
};
/** The same of the fields in a stage's data, and in its evaluate. */
const HELD_OUT = 'held-out rows are the run\'s, so that evaluations of all stages can be compared';
const DATA_OF_THE_RUN: Readonly<Record<string, string>> = { validation: HELD_OUT, validationShare: HELD_OUT };
const BEST = 'the best checkpoint is looked for in the last stage, by the recipe\'s own evaluate section';
const EVALUATE_OF_THE_RUN: Readonly<Record<string, string>> = { best: BEST, patience: BEST };

/** Without what is the run's alone. */
type Own<Shape extends z.ZodRawShape, Taken extends string> = Said<Omit<Shape, Taken>>;

interface Sections<OfMethod extends z.ZodRawShape, OfTrain extends z.ZodRawShape, OfData extends z.ZodRawShape, OfEvaluate extends z.ZodRawShape> {
  method: z.ZodObject<OfMethod>;
  train: z.ZodObject<OfTrain>;
  data: z.ZodObject<OfData>;
  evaluate: z.ZodObject<OfEvaluate>;
}

/**
 * Makes the validator of a recipe's stages from those of its own sections.
 * @returns parses what a stage says itself and nothing more: `stagesOf` gives it the rest
 */
export function stagesSchema<OfMethod extends z.ZodRawShape, OfTrain extends z.ZodRawShape, OfData extends z.ZodRawShape, OfEvaluate extends z.ZodRawShape>(
  { method, train, data, evaluate }: Sections<OfMethod, OfTrain, OfData, OfEvaluate>,
) {
  const stage = z.strictObject({
    name: z.string().min(1).max(60).meta(help('What the stage is called in charts and messages.')),
    method: z.strictObject(said(method.shape)).optional(),
    train: z.strictObject(said(train.shape)).optional(),
    data: z.strictObject(own(data.shape, 'validation', 'validationShare'), refusing(DATA_OF_THE_RUN)).optional(),
    evaluate: z.strictObject(own(evaluate.shape, 'best', 'patience'), refusing(EVALUATE_OF_THE_RUN)).optional(),
  }, refusing(OF_THE_RUN));
  return z.array(stage).min(1, 'at least one stage is expected; leave stages out for a run of one part').superRefine((stages, context) => {
    for (const [at, { name }] of stages.entries()) {
      if (stages.findIndex((other) => other.name === name) < at) context.addIssue({ code: 'custom', path: [at, 'name'], input: name, message: 'another stage is called so' });
    }
  });
}

type Inner<Field> = Field extends z.ZodDefault<infer Given> | z.ZodOptional<infer Given> | z.ZodPrefault<infer Given> ? Given : Field;
/** A section's fields without what stands for those that are left out. */
type Said<Shape extends z.ZodRawShape> = { [Field in keyof Shape]: z.ZodOptional<Inner<Shape[Field]> extends z.core.SomeType ? Inner<Shape[Field]> : Shape[Field]> };

function said<Shape extends z.ZodRawShape>(shape: Shape): Said<Shape> {
  const inner = (field: z.core.$ZodType): z.core.$ZodType => (field instanceof z.ZodDefault || field instanceof z.ZodOptional || field instanceof z.ZodPrefault ? field.unwrap() : field);
  return Object.fromEntries(Object.entries(shape).map(([name, field]) => [name, z.optional(inner(field))])) as Said<Shape>;
}

function own<Shape extends z.ZodRawShape, Taken extends string>(shape: Shape, ...taken: Taken[]): Own<Shape, Taken> {
  return said(Object.fromEntries(Object.entries(shape).filter(([name]) => !taken.some((other) => other === name)))) as Own<Shape, Taken>;
}

/** Says of a field that is not there why, where a person may well have looked for it. */
const refusing = (why: Readonly<Record<string, string>>): { error: (issue: { code: string; keys?: readonly string[] }) => string | undefined } => ({
  error: ({ code, keys = [] }) => {
    const reasons = new Set(code === 'unrecognized_keys' ? keys.flatMap((key) => why[key] ?? []) : []);
    return reasons.size === 0 ? undefined : [...reasons].join('; ');
  },
});

/** A part of a run, as the recipe that a run of this part alone would have. */
export interface Stage {
  /** Null of a recipe without stages: the run is one. */
  name: string | null;
  recipe: Recipe;
  /** Where held-out rows come from and how they become texts: as the whole recipe's data says, in every stage. */
  heldOut: DataSettings;
}

/**
 * What a run does one after the other; a recipe without stages is one. A stage that names a preset has a method of its own,
 * one that does not changes the recipe's; what its train, data and evaluate sections leave open the recipe's say. The best
 * checkpoint is looked for in the last stage, whose student is what the run is made for.
 */
export function stagesOf({ stages, ...recipe }: Recipe): readonly [Stage, ...Stage[]] {
  const heldOut = recipe.data;
  if (!stages) return [{ name: null, recipe, heldOut }];
  const { best: _best, patience: _patience, ...measured } = recipe.evaluate;
  return stages.map(({ name, method = {}, train = {}, data, evaluate }, at): Stage => {
    const { steps, epochs, ...shared } = recipe.train;
    const length = train.steps === undefined && train.epochs === undefined ? { steps, epochs } : {};
    return {
      name, heldOut,
      recipe: {
        ...recipe,
        data: data ? dataOf(heldOut, data) : heldOut,
        method: (method.preset === undefined ? { ...recipe.method, ...method } : method) as Recipe['method'],
        train: { ...shared, ...length, ...train } as Recipe['train'],
        evaluate: { ...(at === stages.length - 1 ? recipe.evaluate : measured), ...evaluate } as Recipe['evaluate'],
      },
    };
  }) as [Stage, ...Stage[]];
}

type StageData = NonNullable<NonNullable<Recipe['stages']>[number]['data']>;

/** A stage that says what its prompts are made of says all that makes its texts; lengths, order and share are the recipe's where it leaves them out. */
function dataOf(recipe: DataSettings, stage: StageData): DataSettings {
  if (stage.prompt === undefined && stage.messages === undefined) return { ...recipe, ...stage } as DataSettings;
  const { prompt: _p, completion: _c, messages: _m, tools: _t, template: _v, system: _s, shots: _o, ...rest } = recipe;
  return { ...rest, learn: 'last', chat: false, ...stage } as DataSettings;
}

/** Every file that a recipe trains on, each once, in the order of its stages. */
export const trainingFilesOf = (recipe: Recipe): string[] => [...new Set(stagesOf(recipe).map((stage) => stage.recipe.data.train))];

/** A run's last stage: what its student comes from in the end. */
export const lastStage = (recipe: Recipe): Stage => stagesOf(recipe).at(-1)!;

/** How a run ends up learning: the method of its last stage, with every choice made. */
export const methodAtEnd = (recipe: Recipe): Method => resolveMethod(lastStage(recipe).recipe.method).method;

/** How messages call a stage; nothing of a run that is one. */
export const stageWords = ({ name }: Pick<Stage, 'name'>): string => (name === null ? '' : `Stage "${name}": `);

/** That a stage begins, in a sentence. */
export const stageSentence = ({ name, number, of, first, steps }: StageBegun): string =>
  `Stage ${number} of ${of} begins: "${name}", steps ${first + 1} to ${first + steps}.`;

/**
 * The stages that have begun once a run has made `step` of its steps: one that begins behind the last of them is yet to begin.
 * @param stageSteps  of every stage; null where that is not known, and then what the recipe says counts
 */
export function stagesBegun({ stages = [] }: Pick<Recipe, 'stages'>, stageSteps: readonly number[] | null, step: number): StageBegun[] {
  return stagePlaces(stageSteps ?? stages.map(({ train }) => train?.steps))
    .flatMap(({ first, end }, at): StageBegun[] => (first < Math.max(1, step) ? [{ name: stages[at]!.name, number: at + 1, of: stages.length, first, steps: end - first }] : []));
}

/** Where in a run its stages lie, as far as their lengths are known: each makes the steps behind `first`, up to `end`. */
export function stagePlaces(stageSteps: readonly (number | undefined)[]): { first: number; end: number }[] {
  const places: { first: number; end: number }[] = [];
  for (const steps of stageSteps) {
    if (steps === undefined) break;
    const first = places.at(-1)?.end ?? 0;
    places.push({ first, end: first + steps });
  }
  return places;
}
