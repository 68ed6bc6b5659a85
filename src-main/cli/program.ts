import { Command } from 'commander';
import { addAdviseCommand } from './advise-command.ts';
import { addCompareCommand } from './compare-command.ts';
import { addDataCommands } from './data-commands.ts';
import { addDeviceCommands } from './device-commands.ts';
import { addDraftCommand } from './draft-command.ts';
import { addExportCommands } from './export-command.ts';
import { addForecastCommand } from './forecast-command.ts';
import { addHandoverCommands } from './handover-commands.ts';
import { addHistoryCommands } from './history-commands.ts';
import { addDataHubCommands } from './hub-commands.ts';
import { addInspectCommand } from './inspect-command.ts';
import { addModelCommands } from './model-commands.ts';
import { addReproduceCommand } from './reproduce-command.ts';
import { addReportCommand } from './report-command.ts';
import { addRunCommands } from './run-command.ts';
import { addRuntimeCommands } from './runtime-commands.ts';
import { addSampleCommand } from './sample-command.ts';
import { addServeCommand } from './serve-command.ts';
import { addStudyCommand } from './study-command.ts';
import type { Action } from './action.ts';
import { Context, type GlobalOptions } from './context.ts';
import { printError } from './output.ts';

export function createProgram(version: string): Command {
  const program = new Command('retort')
    .description('On-policy distillation of language models on one workstation')
    .version(version)
    .option('--home <dir>', 'folder of the history and of runs without a folder of their own')
    .option('--json', 'print JSON for programs')
    .exitOverride()
    .configureHelp({ sortSubcommands: false, showGlobalOptions: true });

  const act: Action = <Options extends object>(work: (context: Context, args: string[], options: Options) => Promise<void>) => async (...given: unknown[]) => {
    const command = given.at(-1) as Command;
    const context = new Context(command.optsWithGlobals<GlobalOptions>());
    try {
      await work(context, command.args, command.opts<Options>());
    } catch (error) {
      process.exitCode = printError(error);
    } finally {
      await context.close();
    }
  };

  addSampleCommand(program, act);
  addRunCommands(program, act);
  addAdviseCommand(program, act);
  addForecastCommand(program, act);
  addStudyCommand(program, act);
  addHandoverCommands(program, act);
  addHistoryCommands(program, act);
  addReportCommand(program, act);
  addDataCommands(program, act);
  addCompareCommand(program, act);
  addInspectCommand(program, act);
  addModelCommands(program, act);
  addDataHubCommands(program, act);
  addExportCommands(program, act);
  addReproduceCommand(program, act);
  addDraftCommand(program, act);
  addDeviceCommands(program, act);
  addRuntimeCommands(program, act);
  addServeCommand(program, act);
  return program;
}
