import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Runs that are slow behind a step for as long as a test wants them to be, as `slow-steps.cjs` has it. */
export class SlowSteps {
  /** Of the program whose runs these are. */
  readonly env: { NODE_OPTIONS: string; RETORT_TEST_SLOW: string };

  /** @param folder  of the test */
  constructor(folder: string) {
    this.env = { NODE_OPTIONS: `--require ${join(import.meta.dirname, 'slow-steps.cjs')}`, RETORT_TEST_SLOW: join(folder, 'slow-behind') };
  }

  behind(step: number): void {
    writeFileSync(this.env.RETORT_TEST_SLOW, String(step));
  }

  end(): void {
    rmSync(this.env.RETORT_TEST_SLOW, { force: true });
  }
}
