import { z } from 'zod';
import { help } from './help.ts';

/** Worked examples before every prompt: few-shot prompting. */
export const shotsSchema = z.strictObject({
  file: z.string().min(1).meta(help(
    'Rows of any data format, each a shot; keep them apart from the rows that are trained on or evaluated. A .txt file is put before the prompts as it is, to the last line break.')),
  count: z.int().positive().optional().meta(help('Only the first rows. The paper uses 4 for GSM8K. Left out: all.')),
  template: z.string().min(1).optional().meta(help('Template of a shot. Left out: that of the prompt and that of the completion, one behind the other.')),
  separator: z.string().default('\n\n').meta(help('Stands between two shots, and between the last one and the prompt.')),
});

export type ShotSettings = z.infer<typeof shotsSchema>;

/** Whether a file is put before the prompts as it is, rather than read as rows. */
export const isShotText = (file: string): boolean => /\.txt(\.gz)?$/i.test(file);

/** A recipe's shots for prompts that are made by other templates than the recipe's own: they stay what they are. */
export function shotsApart(
  { shots, prompt, completion }: { shots?: ShotSettings | undefined; prompt?: string | undefined; completion?: string | undefined },
): ShotSettings | undefined {
  if (!shots || isShotText(shots.file) || shots.template !== undefined || prompt === undefined || completion === undefined) return shots;
  return { ...shots, template: `${prompt}${completion}` };
}
