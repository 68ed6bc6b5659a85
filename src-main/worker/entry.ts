import { watchPrograms } from '../bounds/programs.ts';
import { COMMANDS } from '../contract/worker.ts';
import { createHandlers } from './handlers.ts';
import { findParentPort, parentPort } from './parent-port.ts';
import { processPort } from './process-port.ts';
import { serve } from './serve.ts';

const electron = findParentPort();
serve(electron ? parentPort(electron) : processPort(), COMMANDS, createHandlers(), watchPrograms);
