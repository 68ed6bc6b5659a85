import { probeDevice } from '../devices/probe.ts';
import { previewFile } from '../data/preview.ts';
import { importGguf } from '../model/gguf/import-gguf.ts';
import { openModel } from '../model/folder.ts';
import { makeStudent } from '../model/make-student.ts';
import { narrowStudent } from '../model/narrow-student.ts';
import { describeModel } from '../model/show.ts';
import { toReport } from '../contract/problem.ts';
import type { Commands } from '../contract/worker.ts';
import { PATIENT } from '../hub/hub.ts';
import { searchHub } from '../hub/search.ts';
import { adviseRun } from '../service/advise/advise.ts';
import { evaluateModel } from '../service/evaluate/evaluate-model.ts';
import { checkPair } from '../service/check-pair.ts';
import { compareModels } from '../service/compare/compare-models.ts';
import { exportModel } from '../service/export/export-model.ts';
import { generateText, writeText } from '../service/writing/generate-text.ts';
import { goOnFrom, lookAt } from '../service/inspect/alternatives.ts';
import { environmentKey } from '../remote/server.ts';
import { lookAtServer } from '../service/servers/served-look.ts';
import { writeHandover } from '../service/handover/write-handover.ts';
import { inspectData } from '../service/inspect/inspect-data.ts';
import { PairKeeper } from '../service/inspect/pair-keeper.ts';
import { countSteps } from '../service/run/stages/count-steps.ts';
import { scoreRows } from '../service/study/halving/score-rows.ts';
import { survey } from '../service/inspect/survey.ts';
import { installCuda } from '../service/devices/install-cuda.ts';
import { pythonIndex } from '../service/devices/python-index.ts';
import { getLooked } from '../service/hub/get.ts';
import { lookAtHub } from '../service/hub/look.ts';
import { checkRun, memoryOfStages } from '../service/run/look/check.ts';
import { probeRun } from '../service/run/look/probe.ts';
import type { StopRequest } from '../service/run/job.ts';
import { runJob } from '../service/run/run-job.ts';
import { seeData } from '../service/examples/see-data.ts';
import { WriterKeeper } from '../service/writing/writer-keeper.ts';
import type { Handlers } from './serve.ts';

/** Repositories that a search shows. */
const MOST_FOUND = 30;
/** Milliseconds between two words on how far a download is. */
const TOLD_EVERY = 250;

/** Tells how far a download is, not at every piece of it. */
function spaced(tell: (done: number, total: number) => void): (file: string, done: number, total: number) => void {
  let told = 0;
  return (_file, done, total) => {
    if (done < total && Date.now() - told < TOLD_EVERY) return;
    told = Date.now();
    tell(done, total);
  };
}

/** What the computing process does for each command. */
export function createHandlers(): Handlers<Commands> {
  /** Runs that were asked to stop after their present step. */
  const stopping = new Map<string, StopRequest>();
  const pairs = new PairKeeper();
  const writers = new WriterKeeper();
  return {
    run: async (params, { signal, emit }) => {
      let isStarted = false;
      // One that was asked to stop when it had just ended begins anew.
      stopping.delete(params.runId);
      try {
        return await runJob({
          ...params,
          emit: (event) => {
            isStarted = true;
            emit(event);
          },
          // Nobody is left to write down what goes on: a checkpoint of steps that the history has not would leave a gap in it.
          stopRequest: () => (signal.aborted ? 'discard' : stopping.get(params.runId) ?? null),
        });
      } catch (error) {
        if (isStarted) emit({ event: 'failed', error: toReport(error) });
        throw error;
      } finally {
        stopping.delete(params.runId);
      }
    },
    stop: async ({ runId, save }) => {
      stopping.set(runId, save ? 'save' : 'discard');
      return null;
    },
    evaluate: (params, { signal, emit }) => evaluateModel(params, signal, emit),
    generate: (params, { signal, emit }) => (params.keeps
      ? writers.use(params.model, params.device, (open) => writeText(open, params, signal, emit)) : generateText(params, signal, emit)),
    inspect: (params, { signal, emit }) => inspectData(params, signal, emit),
    survey: (params, { signal, emit }) => survey(params, pairs, signal, emit),
    look: (params) => lookAt(params, pairs),
    goOn: (params) => goOnFrom(params, pairs),
    compare: (params, { signal, emit }) => compareModels(params, signal, emit),
    export: (params, { signal, emit }) => exportModel(params, signal, emit),
    probe: (params, { signal, emit }) => probeRun(params, signal, emit),
    advise: (params, { signal, emit }) => adviseRun(params, signal, emit),
    countSteps: ({ recipe, runDir }, { signal }) => countSteps(recipe, runDir, signal),
    scoreRows: (params, { signal }) => scoreRows(params, signal),
    forecastMemory: ({ recipe, runDir }, { signal }) => memoryOfStages(recipe, runDir, signal),
    check: ({ recipe, runDir, ...start }, { signal }) => checkRun(recipe, runDir, { signal, ...start }),
    lookAtServer: ({ server, student, serverKey }, { signal }) => lookAtServer(server, student, serverKey ?? environmentKey(), signal),
    handover: ({ recipe, to }, { signal }) => writeHandover(recipe, to, { signal }),
    preview: ({ data, ...page }, { signal }) => previewFile(data, page, signal),
    see: (params, { signal }) => seeData(params, signal),
    describe: ({ model }) => describeModel(model),
    pair: (params) => checkPair(params),
    device: ({ device }) => probeDevice(device),
    installCuda: async ({ index, to }, { signal, emit }) => {
      await installCuda(pythonIndex(index), to, { signal, onProgress: spaced((done, total) => emit({ event: 'progress', done, total })) });
      return null;
    },
    import: async ({ source, to, precision }, { signal, emit }) => {
      const { warnings } = await importGguf(source, to, {
        precision,
        onProgress: (done, total) => {
          signal.throwIfAborted();
          emit({ event: 'progress', done, total });
        },
      });
      return { warnings: [...warnings] };
    },
    makeStudent: async ({ teacher, layers, width, to }, { signal, emit }) => {
      const onProgress = (done: number, total: number): void => {
        signal.throwIfAborted();
        emit({ event: 'progress', done, total });
      };
      const model = await openModel(teacher);
      if (width === null) await makeStudent(model, layers, to, onProgress);
      else await narrowStudent(model, layers, width, to, onProgress);
      return null;
    },
    searchHub: ({ hub, kind, text }, { signal }) => searchHub({ ...hub, timing: PATIENT }, kind, text, MOST_FOUND, signal),
    lookAtHub: async ({ hub, ...wanted }, { signal }) => (await lookAtHub({ ...hub, timing: PATIENT }, wanted, signal)).look,
    getFromHub: async ({ hub: given, to, ...wanted }, { signal, emit }) => {
      const hub = { ...given, timing: PATIENT };
      return getLooked(hub, await lookAtHub(hub, wanted, signal), to, { signal, onProgress: spaced((done, total) => emit({ event: 'progress', done, total })) });
    },
  };
}
