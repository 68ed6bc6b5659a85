import { HistoryRecorder } from '../../src-main/store/history-recorder.ts';
import { openHistory } from '../../src-main/store/open-history.ts';
import { createRun } from '../../src-main/store/runs.ts';
import { recipe, stepMetrics } from './fixtures.ts';

// Records steps without an end, and says which were flushed; the test kills it somewhere.
const database = await openHistory(process.argv[2] ?? '');
await createRun(database, { id: 'a', name: 'endless', recipe, runDir: '/runs/a' });
const recorder = new HistoryRecorder(database, 'a');
for (let step = 1; ; step += 1) {
  recorder.record({ event: 'step', ...stepMetrics(step) });
  if (step % 100 === 0) {
    await recorder.flush();
    process.send?.(step);
  }
}
