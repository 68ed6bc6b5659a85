import type { ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';
import type { Page } from 'playwright-core';
import type { CallInput, CallName, CallResult } from '../../../src-main/contract/api/api.ts';
import type { PreloadBridge } from '../../../src-main/contract/api/bridge.ts';
import { display, launch, type Desktop } from './launch.ts';
import { builtForOldElectron, oldElectron, withBootstrap } from './old-electron.ts';

/** The application built for the old Electron, to be opened on data folders as often as a test wants. */
export class Desktops {
  readonly program: string;
  readonly built: string;
  private readonly endDisplay: () => void;
  private readonly started: ChildProcess[] = [];

  private constructor(program: string, built: string, endDisplay: () => void) {
    this.program = program;
    this.built = built;
    this.endDisplay = endDisplay;
  }

  static async prepare(): Promise<Desktops> {
    const endDisplay = await display();
    const built = resolve(await builtForOldElectron());
    return new Desktops(await withBootstrap(await oldElectron()), built, endDisplay);
  }

  async open(home: string, env: Record<string, string> = {}): Promise<Desktop> {
    const desktop = await launch(this.program, home, { RETORT_APP: this.built, ...env });
    this.started.push(desktop.electron.process());
    return desktop;
  }

  /** Ends everything that was opened, whatever it does. */
  remove(): void {
    for (const child of this.started) child.kill('SIGKILL');
    this.endDisplay();
  }
}

/** A call of the interface from its page. @throws what was wrong, as text */
export async function call<Name extends CallName>(page: Page, name: Name, params: CallInput<Name>): Promise<CallResult<Name>> {
  const answer = await page.evaluate(([called, given]) => (window as unknown as { retort: PreloadBridge }).retort.call(called, given), [name, params] as const);
  if (!answer.ok) throw new Error(`${answer.error.message} ${answer.error.hint ?? ''}`);
  return answer.result as CallResult<Name>;
}

/** Resolves when the program of a desktop has ended. @returns its exit code */
export function ended({ electron }: Desktop): Promise<number | null> {
  const child = electron.process();
  return child.exitCode !== null ? Promise.resolve(child.exitCode) : new Promise((resolve) => { child.once('exit', resolve); });
}
