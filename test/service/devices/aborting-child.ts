import { COMMANDS } from '../../../src-main/contract/worker.ts';
import { probeDevice } from '../../../src-main/devices/probe.ts';
import { createHandlers } from '../../../src-main/worker/handlers.ts';
import { processPort } from '../../../src-main/worker/process-port.ts';
import { serve } from '../../../src-main/worker/serve.ts';

/** A worker whose graphics drivers end it, as a broken one does. */
serve(processPort(), COMMANDS, { ...createHandlers(), device: ({ device }) => (device === 'cpu' ? probeDevice(device) : process.abort()) });
