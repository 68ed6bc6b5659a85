import { z } from 'zod';
import { adapterSchema } from './adapter.ts';
import { COMPUTES } from './compute.ts';
import { DEVICES, DIVERGENCES } from './divergence.ts';
import { refuseOnTfjs } from './on-tfjs.ts';
import { help } from './help.ts';
import { PRESETS } from './presets.ts';
import { PRODUCTS, refuseProducts, withProducts } from './products.ts';
import { rewardSchema } from './reward.ts';
import { templateVariablesSchema } from './chat-turn.ts';
import { shipSchema } from './ship.ts';
import { serverSchema } from './served-teacher.ts';
import { shotsSchema } from './shots.ts';
import { stagesOf, stagesSchema, trainingFilesOf } from './stages.ts';

/**
 * The recipe: one JSON document that describes a run. These validators are the only description of it;
 * the wizard's help and `docs/recipe.md` are generated from the texts given to `help`.
 */

const count = z.int().positive();
const step = z.int().nonnegative();
const share = z.number().min(0).max(1);
const path = z.string().min(1);

/** How the weights of a model that is not trained are kept. */
export const FROZEN_PRECISIONS = ['fp32', 'fp16', 'int8', 'int4'] as const;
export type FrozenPrecision = (typeof FROZEN_PRECISIONS)[number];

/** Its default is told apart from what is not said: `withProducts` says it for integers alone. */
const products = z.enum(PRODUCTS).optional().meta({
  ...help('How int8 and int4 weights are multiplied by. exact leaves the activations in float32: what the rounded weights give, in about the time of fp32. fast rounds activations to 8 bits as well: a third of the time at int8 and half of it at int4 where many tokens are read at once, and a larger error (at int8 16 instead of 2 percent of the last states of a model cut from SmolLM2-135M, 4 instead of 1 of the sample\'s).'),
  default: 'exact',
});

const teacher = z.strictObject({
  model: path.optional().meta(help('Folder of the teacher: config.json, safetensors and tokenizer in the Hugging Face layout; or a GGUF file, which is used as it lies. Its tokenizer may be another than the student\'s: see other-tokenizers.md.')),
  server: serverSchema.optional(),
  precision: z.enum(FROZEN_PRECISIONS).default('fp32').meta(help(
    'How the teacher\'s weights are kept. fp32 is exact, and so is a GGUF file in its own types. fp16 takes half the memory, and nothing but the file\'s own where that has fp16 or bf16; int8 and int4 take a quarter and an eighth, and what they round puts a model\'s last states off by about two and twenty percent.')),
  products: products,
  device: z.enum(DEVICES).default('cpu').meta(help('Where the teacher runs. cpu always works; what the others need, Settings and retort devices say.')),
  cache: z.union([z.boolean(), z.enum(['fp16', 'fp32'])]).default(false).meta(help(
    'Keep on the disk what the teacher thinks of the fixed texts (its last hidden states), computed once before training and read by every run with the same teacher and texts, which then needs no teacher in memory. true keeps them rounded to fp16, "fp32" exactly. What a server answers is always kept.')),
}).superRefine(({ model, server, precision, products: asked, device, cache }, context) => {
  refuseOnTfjs({ device, precision }, context);
  if (!server) refuseProducts({ precision, products: asked }, context);
  if (!server) {
    if (model === undefined) context.addIssue({ code: 'custom', path: ['model'], input: model, message: 'a folder or a GGUF file is expected, or a server in teacher.server' });
    return;
  }
  const own = { model, precision: precision === 'fp32' ? undefined : precision, products: asked, device: device === 'cpu' ? undefined : device, cache: cache === false ? undefined : cache };
  for (const [field, value] of Object.entries(own)) {
    if (value !== undefined) context.addIssue({ code: 'custom', path: [field], input: value, message: 'is for a teacher on this machine, and teacher.server names another' });
  }
}).overwrite(withProducts);

const student = z.strictObject({
  model: path.meta(help('Folder of the student the run starts from. It is never changed; checkpoints go to the run folder. The folder of an adapter (LoRA, as PEFT saves it) is trained on, beside its base model.')),
  precision: z.enum(FROZEN_PRECISIONS).optional().meta(help(
    'How the weights beside an adapter are kept, which training does not change. fp32, also if left out, is exact; fp16 takes half the memory, int8 a quarter and int4 an eighth. A student that is trained whole is always fp32.')),
  products: products,
  adapter: adapterSchema.optional(),
  ship: shipSchema,
  device: z.enum(DEVICES).default('cpu').meta(help('Where the student learns: on a device its weights, gradients and moments stay there. webgpu and cuda pay once its matrix products are large. A run may go on elsewhere: retort resume RUN --device.')),
}).superRefine(refuseOnTfjs).superRefine(refuseProducts).overwrite(withProducts);

const data = z.strictObject({
  train: path.meta(help('Training examples: .jsonl, .json, .csv, .tsv or .parquet, also gzipped.')),
  validation: path.optional().meta(help('Held-out examples for evaluation, in the same columns.')),
  validationShare: z.number().gt(0).lt(1).optional().meta(help(
    'Instead of a validation file: this share of the training examples, chosen by the seed, is held out for evaluation and never trained on.')),
  prompt: z.string().min(1).optional().meta(help('Template of the prompt. {{column}} inserts a column, {{a.b}} a nested field.')),
  completion: z.string().min(1).optional().meta(help(
    'Template of the completion. Needed wherever data is learned from (lambda below 1); begin it with the space that separates it from the prompt, for the two are one text. Where two words would run together, or where it begins with several spaces, it is tokenized as a text of its own.')),
  messages: z.string().min(1).optional().meta(help(
    'Column with chat messages [{role, content}] or ShareGPT\'s [{from, value}], also as JSON text, instead of prompt and completion. The model\'s own chat template writes them, whatever keys they have; what it writes for the learned turns is the completion.')),
  tools: z.string().min(1).optional().meta(help(
    'Column with the tools of each conversation, a list or JSON text, as the chat template gets them. Beside messages a column named tools is taken without saying so.')),
  template: templateVariablesSchema.optional().meta(help(
    'Values for the chat template\'s own switches, for example {"enable_thinking": false}, in training and wherever text is written.')),
  learn: z.enum(['last', 'all']).default('last').meta(help(
    'Which turns of a conversation are learned from data: the last one of the assistant, or all of them. What the template writes for a turn is learned, its think block and its end with it.')),
  chat: z.boolean().default(false).meta(help('Wrap each prompt as a user turn of the model\'s chat template, and the completion, without the white space that this template begins with or the single blank before the answer, as the assistant\'s.')),
  system: z.string().min(1).optional().meta(help('System message put before every chat that has none of its own: none among its messages, and none in a column named system beside them.')),
  shots: shotsSchema.optional().meta(help(
    'Worked examples that stand before every prompt, for teacher and student alike, in training and evaluation. They count towards maxPromptTokens, and a prompt that is too long with them is refused.')),
  maxPromptTokens: count.default(192).meta(help('Longer prompts lose their beginning.')),
  maxCompletionTokens: count.default(64).meta(help('Longer completions lose their end, and the student writes at most this many tokens. The paper uses 64 for summaries.')),
  shuffle: z.boolean().default(true).meta(help('Visit the examples in a new random order each epoch.')),
  fraction: z.number().gt(0).max(1).default(1).meta(help('Use only this share of the training examples, chosen by the seed.')),
});

/** How the rows of a data file become prompts and completions. */
export const dataViewSchema = data.pick({
  prompt: true, completion: true, messages: true, tools: true, template: true, learn: true, chat: true, system: true, shots: true, maxPromptTokens: true, maxCompletionTokens: true,
});

const method = z.strictObject({
  preset: z.enum(PRESETS).default('gkd').meta(help('A named method. It sets the fields below; what you write yourself wins where the method leaves a choice.')),
  lambda: share.optional().meta(help(
    'Share of training on what the student itself writes: 0 only data, 1 only the student. The paper finds 1 >= 0.5 >= 0 almost everywhere.')),
  lambdaSchedule: z.enum(['constant', 'linear']).optional().meta(help('linear raises lambda from 0 to its value over lambdaRampSteps.')),
  lambdaRampSteps: step.optional().meta(help('Steps over which lambda rises when its schedule is linear.')),
  mixing: z.enum(['batch', 'example']).optional().meta(help(
    'batch draws once a step whether the student writes (the paper\'s Algorithm 1); example draws for every example: the same expectation with less noise.')),
  divergence: z.enum(DIVERGENCES).optional().meta(help(
    'How far the student is from the teacher at a token. forward_kl covers everything the teacher might say, reverse_kl settles on what it is surest of, jsd lies between by beta, tvd is bounded; cross_entropy needs no teacher and learns the text itself.')),
  beta: z.number().gt(0).lt(1).optional().meta(help(
    'For jsd: towards 0 it behaves like forward KL, towards 1 like reverse KL. The paper uses 0.1, 0.5 and 0.9.')),
  normalizeBeta: z.boolean().optional().meta(help(
    'Divide jsd by beta (1 - beta), so that beta no longer changes the size of the gradient. Off reproduces the paper.')),
  samplingTemperature: z.number().gt(0).optional().meta(help('Temperature at which the student writes during training. 1 is the paper\'s.')),
  lossTemperature: z.number().gt(0).optional().meta(help('Divides the logits of both models inside the divergence. 1 leaves them alone.')),
  reduction: z.enum(['sequence', 'token']).optional().meta(help(
    'sequence averages over each completion first and then over examples (the paper); token weighs every token of the batch alike.')),
  source: z.enum(['data', 'teacher']).optional().meta(help('Who wrote the fixed completions: the data set, or the teacher before training (sequence-level distillation).')),
  teacherTemperature: z.number().min(0).optional().meta(help('Temperature at which the teacher writes when source is teacher; 0 is greedy.')),
  alpha: share.optional().meta(help(
    'For rl-gkd: what the divergence counts against the reward. 1 is distillation alone, 0 is reinforcement learning alone.')),
  samplesPerPrompt: count.optional().meta(help(
    'For rl-gkd: texts of a batch that are written for the same prompt. With several, a text\'s reward is compared with that of the others; with one, with the mean of earlier steps.')),
  reward: rewardSchema.optional().meta(help('For rl-gkd: what a completion is worth beside the teacher\'s judgement of it.')),
  teacherMix: z.number().min(0).lt(1).optional().meta(help(
    'For minillm: the teacher\'s part in every token that is written. A little keeps the student off texts that please the teacher for nothing; the paper uses 0.2.')),
  lengthNormalization: z.boolean().optional().meta(help(
    'For minillm: take the mean over what follows a token instead of its sum, so that long texts are not shunned.')),
  importanceClip: z.number().gt(0).optional().meta(help(
    'For minillm: how far from 1 a token\'s importance weight, student against mixture, may lie before the token is pushed no further that way. 0.2 is the authors\'.')),
});

const train = z.strictObject({
  steps: count.optional().meta(help('Number of updates. Give steps or epochs.')),
  epochs: z.number().positive().optional().meta(help('Passes over the training data, instead of steps.')),
  batchSize: count.default(32).meta(help('Examples in one update. The paper uses 32.')),
  microBatchSize: count.optional().meta(help('Examples computed at once; lowers memory and changes nothing else. Chosen by the memory and by how much the texts differ in length if left out.')),
  recompute: z.boolean().optional().meta(help(
    'Keep of each layer only its input for the backward pass and compute the rest once more: much less memory for long texts, a third more work in the update, the same gradients. Left out, it is done where a single example would keep more than a gigabyte.')),
  phases: z.boolean().default(false).meta(help(
    'Hold the teacher in memory only while it judges: the student writes, then the teacher is read and asked about all texts of the step, then it goes and the student learns. Slower, with the same result; for two models that do not fit together.')),
  optimizer: z.enum(['adamw', 'adafactor']).default('adamw').meta(help(
    'The update rule. adafactor keeps a number for each row and column instead of two for each weight: what T5 is trained with, often at a learning rate of 1e-3.')),
  moments: z.enum(['fp32', 'bf16']).default('fp32').meta(help(
    'What AdamW\'s two moments are kept in. bf16 halves them, 4 bytes a weight less, rounding up or down by chance so that nothing drifts; losses stay within one percent of fp32\'s.')),
  compute: z.enum(COMPUTES).default('fp32').meta(help(
    'What products of matrices are computed in on student.device, in training and by a teacher on the same device; sums, norms, softmax, the loss, moments and the weights themselves stay fp32. bf16 and fp16 are several times faster on a card\'s tensor cores; fp16 finds by itself what to multiply the loss with. tf32 is fp32 with fewer digits. webgpu has fp16; cuda has fp16, and bf16 and tf32 on cards of NVIDIA\'s generation 8.0 or newer; a processor only rounds as they do.')),
  learningRate: z.number().positive().default(3e-4).meta(help('Size of the updates after warm-up. The paper uses 3e-4 for T5; 1e-5 to 1e-4 suits pretrained decoders.')),
  schedule: z.enum(['constant', 'linear', 'cosine']).default('linear').meta(help('How the learning rate falls after warm-up.')),
  finalLearningRate: share.default(0).meta(help('Share of the learning rate that is left at the last step.')),
  warmupSteps: step.default(0).meta(help('Steps over which the learning rate rises from zero.')),
  weightDecay: z.number().nonnegative().default(0).meta(help('Decoupled weight decay; norms and biases are spared.')),
  beta1: z.number().min(0).lt(1).default(0.9).meta(help('Decay of AdamW\'s first moment.')),
  beta2: z.number().min(0).lt(1).default(0.999).meta(help('Decay of AdamW\'s second moment.')),
  epsilon: z.number().positive().default(1e-8).meta(help('Keeps AdamW\'s division finite.')),
  scaleParameter: z.boolean().default(false).meta(help('For adafactor: multiply the learning rate by the size of the weights it changes. Transformers\' Trainer leaves it off.')),
  clipNorm: z.number().nonnegative().default(1).meta(help('Largest norm of the whole gradient; 0 turns clipping off.')),
});

/** Whose setting each is: one that is given to another strategy would do nothing, and is refused. */
const DECODE_OWNERS = {
  temperature: ['sample'], topK: ['sample'], topP: ['sample'], minP: ['sample'], beams: ['beam'], lengthPenalty: ['beam'], earlyStopping: ['beam'],
} as const;
const DECODE_DEFAULTS = { temperature: 1, topK: undefined, topP: undefined, minP: undefined, beams: 4, lengthPenalty: 1, earlyStopping: 'likely' } as const;

/** How text is written, wherever it is not training. */
export const decodeSchema = z.strictObject({
  strategy: z.enum(['greedy', 'sample', 'beam']).default('greedy').meta(help('How text is generated: the likeliest token, one drawn by its probability, or beam search, with which the paper translates.')),
  temperature: z.number().gt(0).default(DECODE_DEFAULTS.temperature).meta(help('For sample: divides the logits.')),
  topK: count.optional().meta(help('For sample: only from the k likeliest tokens.')),
  topP: z.number().gt(0).max(1).optional().meta(help('For sample: only from the likeliest tokens that together have this probability.')),
  minP: z.number().gt(0).max(1).optional().meta(help('For sample: only from tokens at least this many times as likely as the likeliest.')),
  repetitionPenalty: z.number().positive().default(1).meta(help('Divides the logits of tokens that are there already; 1 leaves them alone.')),
  beams: count.max(64).default(DECODE_DEFAULTS.beams).meta(help('For beam: texts kept going for each prompt.')),
  lengthPenalty: z.number().default(DECODE_DEFAULTS.lengthPenalty).meta(help('For beam: scores are divided by the length to this power; above 0 favours long texts.')),
  earlyStopping: z.enum(['first', 'likely', 'never']).default(DECODE_DEFAULTS.earlyStopping).meta(help(
    'For beam: stop once as many texts have ended as there are beams (first), once a better one is not likely (likely), or only once none is possible (never).')),
}).superRefine((settings, context) => {
  for (const [field, owners] of Object.entries(DECODE_OWNERS) as [keyof typeof DECODE_OWNERS, readonly string[]][]) {
    if (owners.includes(settings.strategy) || settings[field] === DECODE_DEFAULTS[field]) continue;
    context.addIssue({ code: 'custom', path: [field], input: settings[field], message: `is for the strategy ${owners.join(' or ')}, and the strategy is ${settings.strategy}` });
  }
});

/** Tokens of one draft of speculative decoding. */
export const draftTokens = count.max(64).default(4);

const evaluate = z.strictObject({
  every: count.optional().meta(help('Steps between evaluations. Left out: before and after only.')),
  metrics: z.array(z.string().min(1)).default([]).meta(help('Task metrics by generation, for example exact-match, accuracy, rouge or bleu. perplexity reads the right answers instead of writing any; multiple-choice asks which of a few choices is likeliest; acceptance lets the student draft for the teacher (speculative decoding). Divergence on held-out data is always measured.')),
  choices: z.string().min(1).optional().meta(help(
    'For multiple-choice: a column with the list of choices, "{{choices}}", or the choices themselves, "A|B|C|D"; left out, the lines (A), (B) ... of the prompt. The right one is the completion: its place from 0, its letter or its text.')),
  best: z.string().min(1).optional().meta(help(
    'The number by which the best checkpoint is chosen, as evaluations report it: divergence, loss, or one of the metrics above, such as rougeL or accuracy. Whenever it is better than ever before, a checkpoint is saved and kept beside the newest.')),
  patience: count.optional().meta(help('Stop early after so many evaluations in a row that were no better than the best. Needs best and every.')),
  examples: count.default(200).meta(help('How many validation examples are used.')),
  maxNewTokens: count.optional().meta(help('Longest generated answer; maxCompletionTokens if left out.')),
  calculator: z.boolean().default(false).meta(help(
    'Do the sums in calculator annotations, as GSM8K is evaluated: where an answer comes to <<48/2= the text goes on with 24>>. Only answers that metrics score are written so; training and drafts never are.')),
  draftTokens: draftTokens.meta(help('For the metric acceptance: tokens that the student drafts before the teacher looks at them.')),
  decode: decodeSchema.prefault({}),
}).superRefine(({ patience, best, every }, context) => {
  if (patience === undefined || (best !== undefined && every !== undefined)) return;
  const missing = [best === undefined ? 'evaluate.best' : '', every === undefined ? 'evaluate.every' : ''].filter(Boolean).join(' and ');
  context.addIssue({ code: 'custom', path: ['patience'], input: patience, message: `patience counts evaluations that were no better, and needs ${missing}` });
});

const checkpoint = z.strictObject({
  every: count.default(200).meta(help('Steps between checkpoints. A crash loses at most these.')),
  keep: count.default(2).meta(help('How many of the newest checkpoints stay on disk; the best one by evaluate.best stays as well.')),
});

export const recipeSchema = z.strictObject({
  name: z.string().min(1).max(200).meta(help('What the run is called in the history.')),
  seed: z.int().min(0).max(2 ** 32 - 1).default(0).meta(help(
    'Start of every random draw. The same recipe and seed give the same run, to the bit, on one machine with one version and number of threads. A resumed run keeps the threads it began with; with others the last bits of its numbers differ.')),
  teacher: teacher.optional().meta(help('Not needed by sft.')),
  student,
  data,
  method: method.default({ preset: 'gkd' }),
  train: train.prefault({}),
  stages: stagesSchema({ method, train, data, evaluate }).optional().meta(help(
    'Parts of one run that follow each other: [{"name": "fine-tune", "method": {"preset": "sft"}, "train": {"steps": 200}}, {"name": "distil", ...}]. '
    + 'A stage whose method names a preset has a method of its own, one that names none changes the method above; what its train, data and evaluate sections leave out is taken from those above, but a stage whose data gives prompt or messages says itself all that makes its texts. '
    + 'Each begins with the weights of the one before, a new optimizer, its own schedules and the first batch; steps are counted through, held-out rows are the run\'s, and evaluate.best and patience are of the last.')),
  evaluate: evaluate.prefault({}),
  checkpoint: checkpoint.prefault({}),
}).superRefine((recipe, context) => {
  for (const [at, { name, recipe: { train: { optimizer, moments } } }] of stagesOf(recipe).entries()) {
    if (moments === 'fp32' || optimizer === 'adamw') continue;
    context.addIssue({ code: 'custom', path: [...(name === null ? [] : ['stages', at]), 'train', 'moments'], input: moments, message: `is for adamw, and the optimizer is ${optimizer}` });
  }
  const { data: { train: file, validationShare }, stages } = recipe;
  if (stages?.every((stage) => stage.data?.train !== undefined) && validationShare === undefined && !trainingFilesOf(recipe).includes(file)) {
    context.addIssue({ code: 'custom', path: ['data', 'train'], input: file, message: 'is read by no stage, for each names a file of its own; name one of them here' });
  }
});

/** A recipe as written, after defaults; `resolveMethod` in presets.ts completes its method. */
export type Recipe = z.infer<typeof recipeSchema>;
/** A recipe as a person writes it. */
export type RecipeInput = z.input<typeof recipeSchema>;
/** A teacher whose model lies on this machine. */
export type LocalTeacher = Omit<NonNullable<Recipe['teacher']>, 'model' | 'server'> & { model: string };
export type DecodeSettings = z.infer<typeof decodeSchema>;
/** As a person gives them, without what has a default. */
export type DecodeInput = z.input<typeof decodeSchema>;
export type TrainSettings = z.infer<typeof train>;
export type DataSettings = z.infer<typeof data>;
