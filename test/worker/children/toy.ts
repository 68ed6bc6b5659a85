import { watchPrograms } from '../../../src-main/bounds/programs.ts';
import { processPort } from '../../../src-main/worker/process-port.ts';
import { serve } from '../../../src-main/worker/serve.ts';
import { toyCommands, toyHandlers } from '../toy.ts';

serve(processPort(), toyCommands, toyHandlers, watchPrograms);
