import { stringify } from 'yaml';
import type { ExportOrigin, ExportReport } from '../../contract/export-report.ts';
import type { Ancestor } from '../../contract/lineage.ts';
import { licenceFields } from './licences.ts';

/** The library that opens a folder, as the hub names libraries: of several formats the one that most people come for. */
function libraryOf({ precisions, gguf = [], safetensors, others = [] }: ExportReport): string {
  if (precisions.length > 0) return 'transformers.js';
  if (safetensors !== null) return 'transformers';
  if (gguf.length > 0) return 'gguf';
  return others.some(({ kind }) => kind.startsWith('mlx')) ? 'mlx' : 'peft';
}

/** What a hub reads of a card, as its validation wants it: what is not known is left out, and said in the text. */
export function frontMatterOf(report: ExportReport, task: string, lineage: readonly Ancestor[], origin: ExportOrigin | null): string {
  const idsOf = (role: Ancestor['role']): string[] => lineage.flatMap((ancestor) => (ancestor.role === role && ancestor.id !== null ? [ancestor.id] : []));
  const [bases, datasets] = [idsOf('base model'), idsOf('data')];
  const { precisions, gguf = [], safetensors, others = [] } = report;
  const isAdapter = precisions.length + gguf.length === 0 && safetensors === null && others.every(({ kind }) => kind.startsWith('adapter'));
  const fields = {
    library_name: libraryOf(report), pipeline_tag: task, ...licenceFields(lineage),
    ...(bases.length > 0 && { base_model: bases, base_model_relation: isAdapter ? 'adapter' : origin ? 'finetune' : 'quantized' }),
    ...(datasets.length > 0 && { datasets }),
    tags: [
      ...(origin ? ['distillation', origin.recipe.method.preset] : []), 'retort',
      ...(precisions.length > 0 ? ['onnx'] : []), ...(gguf.length > 0 ? ['gguf'] : []), ...(safetensors ? ['safetensors'] : []),
      ...new Set(others.map(({ kind }) => (kind.startsWith('mlx') ? 'mlx' : 'lora'))),
    ],
  };
  return `---\n${stringify(fields)}---`;
}
