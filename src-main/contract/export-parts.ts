import { z } from 'zod';
import { EXPORT_PRECISIONS } from './export-report.ts';
import { GGUF_TYPES } from './gguf-types.ts';
import { Problem } from './problem.ts';

/** How the weights of an MLX folder are kept. */
export const MLX_TYPES = ['f16', '4bit'] as const;
export type MlxType = (typeof MLX_TYPES)[number];

/** The ways out, each with what is to be chosen of it; one export may hold several. */
export const exportPartSchema = z.discriminatedUnion('format', [
  z.strictObject({ format: z.literal('onnx'), types: z.array(z.enum(EXPORT_PRECISIONS)).min(1) }),
  z.strictObject({ format: z.literal('safetensors') }),
  z.strictObject({ format: z.literal('gguf'), types: z.array(z.enum(GGUF_TYPES)).min(1), /** Whether weights are rounded by how much the model's texts use them. */ imatrix: z.boolean() }),
  z.strictObject({ format: z.literal('adapter') }),
  z.strictObject({ format: z.literal('mlx'), types: z.array(z.enum(MLX_TYPES)).min(1) }),
]);
export type ExportPart = z.infer<typeof exportPartSchema>;
export type ExportFormat = ExportPart['format'];
export type PartOf<Format extends ExportFormat> = Extract<ExportPart, { format: Format }>;

/** The types of each format, from the most exact, and what is taken where none is named. */
export const FORMAT_TYPES: Readonly<Record<ExportFormat, { types: readonly string[]; usual: string | null }>> = {
  onnx: { types: EXPORT_PRECISIONS, usual: 'fp32' },
  safetensors: { types: [], usual: null },
  gguf: { types: GGUF_TYPES, usual: 'q8_0' },
  adapter: { types: [], usual: null },
  mlx: { types: MLX_TYPES, usual: '4bit' },
};
export const EXPORT_FORMATS = Object.keys(FORMAT_TYPES) as ExportFormat[];

/** Parts by the names of formats and of types; a type belongs to every named format that has it. @throws Problem for a type that none of them has */
export function partsOf(formats: readonly ExportFormat[], types: readonly string[], { imatrix }: { imatrix: boolean }): ExportPart[] {
  for (const type of types) {
    if (formats.some((format) => FORMAT_TYPES[format].types.includes(type))) continue;
    const owner = EXPORT_FORMATS.find((format) => FORMAT_TYPES[format].types.includes(type));
    throw new Problem(`${formats.join(' and ')} ${formats.length === 1 ? 'has' : 'have'} no type ${type}.`, { hint: owner ? `--format ${owner} has it.` : `Types are: ${EXPORT_FORMATS.flatMap((format) => FORMAT_TYPES[format].types).join(', ')}.` });
  }
  return formats.map((format) => {
    const own = FORMAT_TYPES[format].types.filter((type) => types.includes(type));
    return exportPartSchema.parse({
      format, ...(FORMAT_TYPES[format].usual !== null && { types: own.length > 0 ? own : [FORMAT_TYPES[format].usual] }), ...(format === 'gguf' && { imatrix }),
    });
  });
}

/** The same, the types of each from the most exact. */
export const inOrder = (parts: readonly ExportPart[]): ExportPart[] => parts.map((part) => exportPartSchema.parse({
  ...part, ...('types' in part && { types: FORMAT_TYPES[part.format].types.filter((type) => (part.types as readonly string[]).includes(type)) }),
}));

/** As an export is listed: by its types, or by its format where that has none. */
export const namesOfPart = (part: ExportPart): readonly string[] => ('types' in part ? part.types : [part.format]);
