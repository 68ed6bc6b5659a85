import type { Command } from 'commander';
import { cardText, usesText } from '../contract/device-text.ts';
import { visibleLine } from '../contract/visible.ts';
import { findDevices } from '../service/devices/find-devices.ts';
import type { Action } from './action.ts';

export function addDeviceCommands(program: Command, act: Action): void {
  program.command('devices')
    .description('what models can compute on here: processor and graphics cards, with memory, driver and what runs there')
    .action(act(async (context) => {
      const { output } = context;
      const devices = await findDevices(() => context.newWorker());
      output.json(devices);
      for (const state of devices) {
        const { device, problem, hint } = state;
        output.line(`${device.padEnd(7)} ${problem === null ? visibleLine(cardText(state)) : problem}`);
        if (problem === null) output.line(`${' '.repeat(8)}${usesText(state)}`);
        else if (hint !== null) output.line(`${' '.repeat(8)}${hint}`);
      }
    }));
}
