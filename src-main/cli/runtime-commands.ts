import type { Command } from 'commander';
import { Problem } from '../contract/problem.ts';
import { installLlama, llamaState } from '../service/peers/install-llama.ts';
import { peersFolder } from '../store/home.ts';
import type { Action } from './action.ts';
import { cancelOnInterrupt } from './cancel-on-interrupt.ts';

export function addRuntimeCommands(program: Command, act: Action): void {
  const runtime = program.command('runtime').description('programs that exported files are opened in, which Retort does not bring');
  runtime.command('show')
    .description('which are there')
    .action(act(async ({ output, homePath }) => {
      const llama = llamaState(peersFolder(homePath));
      output.json({ 'llama.cpp': llama });
      output.line(llama.version === null ? `llama.cpp: not installed. retort runtime install llama.cpp, or: ${llama.command}` : `llama.cpp: node-llama-cpp ${llama.version}`);
    }));
  runtime.command('install')
    .description('have npm fetch node-llama-cpp, in which GGUF files are opened and compared; some 80 MB')
    .argument('<runtime>', 'llama.cpp')
    .action(act(async ({ output, homePath }, [wanted]) => {
      if (wanted !== 'llama.cpp') throw new Problem(`Nothing is installed for "${wanted!}".`, { hint: 'Only llama.cpp: retort runtime install llama.cpp.' });
      const version = await installLlama(peersFolder(homePath), cancelOnInterrupt());
      output.json({ event: 'done', version });
      output.line(`node-llama-cpp ${version} is in ${peersFolder(homePath)}. Exported GGUF files are opened in it from now on.`);
    }));
}
