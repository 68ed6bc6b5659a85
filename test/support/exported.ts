import type { ExportPrecision, ExportReport } from '../../src-main/contract/export-report.ts';
import type { Commands } from '../../src-main/contract/worker.ts';
import type { Params } from '../../src-main/contract/worker-host.ts';
import { exportModel } from '../../src-main/service/export/export-model.ts';

/** Exports a model as the worker does, by default without data, history or replacing anything. */
export function exported(
  model: string, to: string, precisions: readonly ExportPrecision[], more: Partial<Params<Commands, 'export'>> = {}, signal = new AbortController().signal,
): Promise<ExportReport> {
  return exportModel({ model, to, parts: [{ format: 'onnx', types: [...precisions] }], texts: null, origin: null, replace: false, ...more }, signal, () => undefined);
}
