import { COMMANDS } from '../contract/worker.ts';
import { createHandlers } from './handlers.ts';
import { processPort } from './process-port.ts';
import { serve } from './serve.ts';

serve(processPort(), COMMANDS, createHandlers());
