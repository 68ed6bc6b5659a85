import type { ExportFormat, ExportPart, PartOf } from '../../../contract/export-parts.ts';
import type { Format } from '../job.ts';
import { ADAPTER } from './adapter.ts';
import { GGUF } from './gguf.ts';
import { MLX } from './mlx.ts';
import { ONNX } from './onnx.ts';
import { SAFETENSORS } from './safetensors.ts';

const FORMATS: { readonly [Name in ExportFormat]: Format<PartOf<Name>> } = { onnx: ONNX, safetensors: SAFETENSORS, gguf: GGUF, adapter: ADAPTER, mlx: MLX };

/** What writes a part. */
export const formatOf = (part: ExportPart): Format<ExportPart> => FORMATS[part.format];
