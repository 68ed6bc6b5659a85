import { z } from 'zod';
import { DEVICES } from './divergence.ts';
import { exportPartSchema } from './export-parts.ts';
import { dataViewSchema } from './recipe.ts';

const text = z.string();
const count = z.int().positive();

/** A file that an export stands on: the field of the recipe that leads to it (or `model`, `texts`), its name without its folder, and what it held. */
const heldSchema = z.object({ field: text, name: text, bytes: z.int().nonnegative(), sha256: text });
export type Held = z.infer<typeof heldSchema>;

/** What made an export, so that it can be made again: digests and settings, and no folders of the person who made it. */
export const reproductionSchema = z.object({
  format: z.literal(1),
  /** The folder's name, after which files in it are named. */
  name: text,
  /** Versions of Retort and of ONNX Runtime, the platform, and the processor's name: other ones may differ in the last bits. */
  retort: text, onnxruntime: text, platform: text, processor: text,
  /** Null for a model that no run of this program made. */
  run: z.object({
    id: text, name: text, step: z.int().nonnegative(),
    /** Its files named by the last parts of their paths; SHA-256 of its JSON. */
    recipe: z.unknown(), recipeSha256: text,
    /** Threads inside an operator, examples at once in each stage, where the student lay, the first day: what the recipe leaves open and the last bits depend on; null where a run's folder does not tell. */
    threads: count.nullable(), microBatchSizes: z.array(count).min(1).nullable(), device: z.enum(DEVICES).nullable(), day: text.nullable(),
    /** What trained it where that was not Retort. */
    engine: text.nullable(),
    /** What happened in the run that its recipe does not tell, in sentences. */
    remarks: z.array(text),
  }).nullable(),
  /** The name of what was exported as it was; null where a run has trained it. */
  model: text.nullable(),
  inputs: z.array(heldSchema),
  /** The texts it was measured on; null for those that the model writes itself. */
  texts: z.object({ data: text, view: dataViewSchema, holdOut: z.object({ share: z.number(), seed: z.int() }).nullable() }).nullable(),
  parts: z.array(exportPartSchema).min(1),
});
export type Reproduction = z.infer<typeof reproductionSchema>;
export type ReproducedRun = NonNullable<Reproduction['run']>;

/** The command that makes an export again. */
export const reproduceCommand = (folder: string): string => `retort reproduce ${/^[\w@%+=:,./-]+$/.test(folder) ? folder : `'${folder.replaceAll('\'', '\'\\\'\'')}'`}`;

/** How the weights of one file of an export are beside those that were made again. */
export interface ComparedFile {
  file: string;
  tensors: number;
  /** Tensors that are not the same to the bit, those that only one of both has among them. */
  differing: number;
  /** Of the numbers of those that can be read as such: the largest difference, and its root mean square as a share of that of the weights; null where none can. */
  largest: number | null;
  relative: number | null;
  /** Why nothing was compared; null where it was. */
  problem: string | null;
}

/** What an export names and is otherwise here. `isDecisive`: the weights cannot be expected to come out the same; `isMissing`: it is not there at all. */
export interface Departure { about: string; message: string; isDecisive: boolean; isMissing?: boolean }
