#!/usr/bin/env node
import { CommanderError } from 'commander';
import { createProgram } from './cli/program.ts';
import { version } from '../package.json' with { type: 'json' };

try {
  await createProgram(version).parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  // Help and version are no errors; anything else commander finds is wrong use.
  process.exitCode = error.exitCode === 0 ? 0 : 2;
}
