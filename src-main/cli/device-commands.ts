import { resolve } from 'node:path';
import type { Command } from 'commander';
import { bytesText } from '../contract/bytes-text.ts';
import type { CudaOffer } from '../contract/cuda.ts';
import { cardText, usesText } from '../contract/device-text.ts';
import { Problem } from '../contract/problem.ts';
import { visibleLine } from '../contract/visible.ts';
import { setCudaFolder, usualPlace } from '../service/devices/cuda-place.ts';
import { cudaOffer } from '../service/devices/cuda-wheels.ts';
import { findDevices } from '../service/devices/find-devices.ts';
import { installCuda } from '../service/devices/install-cuda.ts';
import { pythonIndex } from '../service/devices/python-index.ts';
import { removeCuda } from '../service/devices/remove-cuda.ts';
import { makeHome } from '../service/home.ts';
import type { Action } from './action.ts';
import { cancelOnInterrupt } from './cancel-on-interrupt.ts';
import type { Output } from './output.ts';
import { Ticker } from './ticker.ts';

interface InstallOptions { to?: string; index?: string; dryRun?: boolean }

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

  const device = program.command('device').description('libraries that a device needs');
  device.command('install')
    .description('fetch CUDA\'s libraries from PyPI; goes on where an earlier try was cut off, and checks every file')
    .argument('<device>', 'cuda')
    .option('--to <dir>', 'folder to write; without it one in the home folder')
    .option('--index <url>', 'index of Python\'s packages; without it PIP_INDEX_URL, or https://pypi.org/simple')
    .option('--dry-run', 'only say what would be fetched')
    .action(act(async ({ output, homePath }, [wanted], options: InstallOptions) => {
      const offer = offerOf(wanted!);
      const to = options.to === undefined ? usualPlace(homePath) : resolve(options.to);
      tell(output, offer, to);
      if (options.dryRun) return output.json({ ...offer, to });
      const cancelled = cancelOnInterrupt();
      const ticker = new Ticker(output);
      await makeHome(homePath);
      await installCuda(pythonIndex(options.index ?? null), to, { signal: cancelled, onProgress: (file, done, total) => ticker.tell(file, done, total) });
      await setCudaFolder(homePath, to);
      output.endProgress();
      output.json({ event: 'done', to });
      output.line(`Wrote ${to}. \`retort devices\` says whether a card is there that they compute on.`);
    }));
  device.command('remove')
    .description('remove CUDA\'s libraries that Retort has fetched')
    .argument('<device>', 'cuda')
    .action(act(async ({ output, homePath }, [wanted]) => {
      offerOf(wanted!);
      const folder = await removeCuda(homePath);
      output.json({ removed: folder });
      output.line(`Removed ${folder}.`);
    }));
}

/** @throws Problem where nothing is fetched for the device, or not on this platform */
function offerOf(device: string): CudaOffer {
  if (device !== 'cuda') throw new Problem(`Nothing is fetched for the device "${device}".`, { hint: 'Only "cuda" needs libraries of its own: retort device install cuda.' });
  const offer = cudaOffer();
  if (!offer) throw new Problem('The device "cuda" is there on Linux with x64 processors only.', { hint: 'The device "webgpu" computes on the same card.' });
  return offer;
}

function tell(output: Output, { wheels, bytes, kept }: CudaOffer, to: string): void {
  for (const wheel of wheels) output.line(`  ${wheel.name} ${wheel.version}  ${bytesText(wheel.bytes)}`);
  output.line(`${bytesText(bytes)} to download, ${bytesText(kept)} in ${to}. NVIDIA's licences lie beside its libraries.`);
}
