import { z } from 'zod';
import { help } from './help.ts';

/**
 * What a completion is worth: `method.reward` of a recipe. Each kind is a program of its own under `distill/rewards/`.
 */
const path = z.string().min(1);
const seconds = z.number().positive().max(3600);

/** A template over the prompt, the completion, the reference and the example's own columns. */
const text = z.string().min(1);

const LOCAL_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

const pattern = text.superRefine((source, context) => {
  try {
    new RegExp(source, 'u');
  } catch (cause) {
    context.addIssue({ code: 'custom', message: (cause as Error).message });
  }
});

const exact = z.strictObject({
  kind: z.literal('exact'),
});

const numeric = z.strictObject({
  kind: z.literal('numeric'),
  numberPattern: pattern.optional().meta(help(
    'Regular expression that finds the number in the completion: its first group, or all it matches. Left out: the number behind ####, or else the last one.')),
  tolerance: z.number().nonnegative().default(1e-6).meta(help('How far the number may be from the reference\'s.')),
});

const regex = z.strictObject({
  kind: z.literal('regex'),
  pattern: pattern.meta(help('Regular expression that the completion has to match somewhere; ^ and $ hold it to the whole.')),
  ignoreCase: z.boolean().default(false).meta(help('Take capital and small letters for the same.')),
});

const rouge = z.strictObject({
  kind: z.literal('rouge'),
  variant: z.enum(['rouge1', 'rouge2', 'rougeL']).default('rouge2').meta(help('Words, pairs of words, or the longest common subsequence. The paper judges summaries by rouge2.')),
});

const entailment = z.strictObject({
  kind: z.literal('entailment'),
  model: path.meta(help('Folder of a sequence classification model: model.onnx (or onnx/model.onnx), config.json and tokenizer.json, as Optimum exports it.')),
  label: z.string().min(1).optional().meta(help('The label that means entailment. Left out: the one in config.json\'s id2label that says so.')),
  premise: text.default('{{prompt}}').meta(help('What has to entail: {{prompt}}, or a column such as {{document}}.')),
  hypothesis: text.default('{{completion}}').meta(help('What has to follow from it.')),
});

const command = z.strictObject({
  kind: z.literal('command'),
  command: z.array(z.string()).min(1).meta(help(
    'A program and its arguments. It gets one line of JSON an example, {prompt, completion, reference, row}, and answers each with a line: a number or {"reward": number}. It runs on this machine with your rights, so you are asked before the first run that starts it: in the window, on the terminal, or by --trust.')),
  directory: path.optional().meta(help('Where it runs. Left out: in the recipe\'s own folder.')),
  timeoutSeconds: seconds.default(60).meta(help('How long it may take for a batch.')),
});

const http = z.strictObject({
  kind: z.literal('http'),
  url: z.url({ protocol: /^https?$/, message: 'an address that begins with http:// or https:// is expected' }).meta(help(
    'Gets {"examples": [{prompt, completion, reference, row}]} by POST and answers {"rewards": [number]}.')),
  allowRemote: z.boolean().default(false).meta(help('Let examples leave this machine. Off: only localhost is asked. Whatever it says, you are asked before the first run that sends to an address.')),
  timeoutSeconds: seconds.default(60).meta(help('How long it may take for a batch.')),
}).superRefine(({ url, allowRemote }, context) => {
  if (allowRemote || !URL.canParse(url) || LOCAL_HOST.test(new URL(url).hostname)) return;
  context.addIssue({ code: 'custom', path: ['url'], input: url, message: 'is on another machine; set allowRemote if prompts and completions may go there' });
});

export const rewardSchema = z.discriminatedUnion('kind', [
  exact.meta(help('1 where the completion is the reference, runs of white space counted as one space; else 0.')),
  numeric.meta(help('1 where the completion\'s number is the reference\'s; else 0.')),
  regex.meta(help('1 where the completion matches a pattern; else 0.')),
  rouge.meta(help('ROUGE of the completion against the reference, as F1 from 0 to 1.')),
  entailment.meta(help('How likely it is that the source entails the completion, from 0 to 1, by a model (the paper\'s RLAIF for summaries).')),
  command.meta(help('Whatever a program of yours says; higher is better.')),
  http.meta(help('Whatever a service of yours says; higher is better.')),
]);

export type RewardSettings = z.infer<typeof rewardSchema>;
export type RewardKind = RewardSettings['kind'];
export type RewardOf<Kind extends RewardKind> = Extract<RewardSettings, { kind: Kind }>;
