import { Problem } from '../../contract/problem.ts';
import type { Commands } from '../../contract/worker.ts';
import type { WorkerHost } from '../../contract/worker-host.ts';
import { findCuda } from '../../runtime/ort/cuda/find.ts';
import { cudaState, setCudaFolder, usualPlace } from '../../service/devices/cuda-place.ts';
import { findDevices } from '../../service/devices/find-devices.ts';
import { pythonIndex } from '../../service/devices/python-index.ts';
import { removeCuda } from '../../service/devices/remove-cuda.ts';
import type { TriedDevices } from '../../service/devices/tried-devices.ts';
import type { Home } from '../../service/home.ts';
import type { CallsOf, Handlers } from '../handlers.ts';
import type { Jobs } from '../jobs.ts';
import type { RunQueue } from '../run-queue.ts';
import type { Workers } from '../workers.ts';

interface Parts { home: Home; workers: Workers; jobs: Jobs; queue: RunQueue; devices: TriedDevices; newWorker: () => WorkerHost<Commands> }

/** What models compute on, and CUDA's libraries. A process finds them as it starts, so that those that rest are ended. */
export function deviceCalls({ home, workers, jobs, queue, devices, newWorker }: Parts): Handlers<CallsOf<'devices'>> {
  const changed = (): null => {
    workers.outdate();
    devices.forget();
    return null;
  };
  return {
    'devices.list': () => findDevices(newWorker),
    'devices.cuda': async () => cudaState(home.path),
    'devices.installCuda': () => jobs.run('download', 'CUDA\'s libraries', async (tell, signal) => {
      await workers.job((host) => host.request('installCuda', { index: pythonIndex(null).url, to: usualPlace(home.path) }, { signal, onEvent: ({ done, total }) => tell(done, total) }));
      await setCudaFolder(home.path, null);
      return changed();
    }),
    'devices.removeCuda': async () => {
      if (queue.live().length > 0) throw new Problem('A run is going, which may compute with them.', { hint: 'Remove them when it is over.' });
      await removeCuda(home.path);
      return changed();
    },
    'devices.useCuda': async ({ folder }) => {
      if (folder !== null && !findCuda({ RETORT_CUDA: folder })) {
        throw new Problem(`${folder} has no CUDA libraries of ONNX Runtime (libonnxruntime_providers_cuda.so).`, { hint: 'Choose the folder that has them, or the folder of a Python environment with onnxruntime-gpu.' });
      }
      await setCudaFolder(home.path, folder);
      return changed();
    },
  };
}
