import { toReport } from '../contract/problem.ts';
import type { Commands } from '../contract/worker.ts';
import { evaluateModel } from '../service/evaluate-model.ts';
import { exportModel } from '../service/export-model.ts';
import { generateText } from '../service/generate-text.ts';
import { inspectData } from '../service/inspect-data.ts';
import { probeRun } from '../service/run/probe.ts';
import { runJob } from '../service/run/run-job.ts';
import type { Handlers } from './serve.ts';

/** What the computing process does for each command. */
export function createHandlers(): Handlers<Commands> {
  /** Runs that were asked to stop after their present step. */
  const stopping = new Set<string>();
  return {
    run: async (params, { signal, emit }) => {
      let isStarted = false;
      try {
        return await runJob({
          ...params,
          emit: (event) => {
            isStarted = true;
            emit(event);
          },
          shouldStop: () => signal.aborted || stopping.has(params.runId),
        });
      } catch (error) {
        if (isStarted) emit({ event: 'failed', error: toReport(error) });
        throw error;
      } finally {
        stopping.delete(params.runId);
      }
    },
    stop: async ({ runId }) => {
      stopping.add(runId);
      return null;
    },
    evaluate: (params, { signal, emit }) => evaluateModel(params, signal, emit),
    generate: (params, { signal, emit }) => generateText(params, signal, emit),
    inspect: (params, { signal, emit }) => inspectData(params, signal, emit),
    export: (params, { emit }) => exportModel(params, emit),
    probe: (params, { emit }) => probeRun(params, emit),
  };
}
