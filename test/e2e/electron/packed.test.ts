import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunRecord } from '../../../src-main/contract/history.ts';
import { PATIENCE } from '../../support/patience.ts';
import { requires } from '../../support/requires.ts';
import { display, freshHome } from './launch.ts';
import { packForOldElectron, type Packed } from './pack.ts';
import { PackedProgram } from './packed-program.ts';

requires('display', 'electron', 'installers')('the packed application', () => {
  let to: string;
  let packed: Packed;
  let program: string;
  let folder: { home: string; remove(): Promise<void> };
  let endDisplay: () => void;
  beforeAll(async () => {
    endDisplay = await display();
    folder = await freshHome();
    to = await mkdtemp(join(tmpdir(), 'retort-packed-'));
    packed = await packForOldElectron(to);
    program = packed.program;
    // Packing two installers takes a minute, and several on a busy machine.
  }, 900_000);
  afterAll(async () => {
    await folder.remove();
    await rm(to, { recursive: true });
    endDisplay();
  });
  const unpacked = (...path: string[]): string => join(dirname(program), 'resources', 'app.asar.unpacked', ...path);

  it('has its natives on the disk and nothing of other platforms', () => {
    const natives = unpacked('node_modules', 'onnxruntime-node', 'bin', 'napi-v6');
    expect(existsSync(join(natives, 'linux', 'x64', 'libonnxruntime.so.1'))).toBe(true);
    for (const other of ['darwin', 'win32']) expect(existsSync(join(natives, other))).toBe(false);
    expect(existsSync(unpacked('node_modules', 'sqlite3', 'build', 'Release', 'node_sqlite3.node'))).toBe(true);
  });

  it('comes as a Debian package with a menu entry and a file type of its own', () => {
    const folder = join(to, 'installed');
    execFileSync('dpkg-deb', ['-x', packed.deb, folder]);
    const field = (name: string): string => execFileSync('dpkg-deb', ['-f', packed.deb, name], { encoding: 'utf8' }).trim();
    expect([field('Package'), field('Architecture'), field('Depends')]).toEqual(['retort', 'amd64', expect.stringContaining('libgtk-3-0') as string]);
    expect(execFileSync('dpkg-deb', ['-c', packed.deb], { encoding: 'utf8' }).split('\n', 1)[0]).toMatch(/^drwxr-xr-x root\/root/);
    expect(existsSync(join(folder, 'opt', 'Retort', 'resources', 'app.asar'))).toBe(true);
    const entry = join(folder, 'usr', 'share', 'applications', 'retort.desktop');
    execFileSync('desktop-file-validate', [entry]);
    expect(readFileSync(entry, 'utf8')).toMatch(/^Exec=\/opt\/Retort\/retort.* %U$/m);
    // JSON of others stays theirs.
    expect(readFileSync(entry, 'utf8')).toMatch(/^MimeType=application\/vnd\.retort\.recipe\+json;$/m);
    expect(readFileSync(join(folder, 'usr', 'share', 'mime', 'packages', 'retort.xml'), 'utf8')).toContain('<glob pattern="*.retort"/>');
  });

  it('says by what the installers are recognized', () => {
    expect(execFileSync('sha256sum', ['--check', packed.checksums], { cwd: to, encoding: 'utf8' }).trim().split('\n')).toEqual([
      expect.stringMatching(/\.AppImage: OK$/), expect.stringMatching(/\.deb: OK$/),
    ]);
  });

  it('opens as an AppImage', async () => {
    // A container has no FUSE to mount it with.
    execFileSync(packed.appImage, ['--appimage-extract'], { cwd: to, stdio: 'ignore' });
    await PackedProgram.during(join(to, 'squashfs-root', 'AppRun'), folder.home, async (desktop) => {
      await expect.poll(() => desktop.evaluate('document.body?.textContent')).toContain('Run the sample project');
    });
  });

  it('has every package that one of its packages needs', () => {
    const seen = new Set<string>();
    /** The folder of a package as Node looks for it: beside the one that needs it, then further up. */
    const visit = (name: string, from: string): void => {
      const found = join(from, 'node_modules', name);
      if (seen.has(found)) return;
      if (!existsSync(found)) {
        expect(from, `${name} is packed`).not.toBe(unpacked());
        return visit(name, dirname(from));
      }
      seen.add(found);
      const { dependencies } = JSON.parse(readFileSync(join(found, 'package.json'), 'utf8')) as { dependencies?: Record<string, string> };
      for (const needed of Object.keys(dependencies ?? {})) visit(needed, found);
    };
    const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: Record<string, string> };
    for (const name of [...Object.keys(dependencies), `@koromix/koffi-linux-${process.arch}`]) visit(name, unpacked());
    expect(seen.size).toBeGreaterThan(Object.keys(dependencies).length);
  });

  it('opens and runs the sample through ONNX Runtime and SQLite, in Electron and then in plain Node', async () => {
    await PackedProgram.during(program, folder.home, async (desktop) => {
      await expect.poll(() => desktop.evaluate('document.body?.textContent')).toContain('Run the sample project');
      const [runId] = (await desktop.call('sample.start', { methods: ['gkd'] })).runIds as [string];
      const run = (): Promise<RunRecord> => desktop.call('runs.get', { runId });
      const goesBeyond = async (step: number): Promise<void> => {
        const deadline = Date.now() + PATIENCE;
        for (let now = await run(); now.lastStep <= step; now = await run()) {
          expect(['waiting', 'running'], JSON.stringify(now.error)).toContain(now.status);
          if (Date.now() > deadline) throw new Error(`Step ${step} was not passed: ${JSON.stringify([now, await desktop.call('runs.live', null), await desktop.call('runs.log', { runId, after: 0, limit: 1000 })])}`);
          await sleep(200);
        }
      };
      /** Stops it, and goes on as soon as everybody can see that it has stopped. */
      const stopAfter = async (step: number): Promise<void> => {
        await goesBeyond(step);
        await desktop.call('runs.stop', { runId, how: 'save' });
        await expect.poll(async () => (await run()).status, { interval: 1 }).toBe('stopped');
      };
      await stopAfter(4);
      // An AppImage lies elsewhere at every start: a run must need nothing of it.
      expect(JSON.stringify((await run()).recipe)).not.toContain(dirname(program));
      const { checkpoint } = await run();
      expect(checkpoint?.step).toBeGreaterThan(4);

      await desktop.call('settings.set', { worker: 'node' });
      await desktop.call('runs.resume', { runId });
      await goesBeyond(checkpoint!.step);
      // The program's fuses keep it from being Node itself, and its archive is closed to a Node from outside.
      const computing = execFileSync('ps', ['--ppid', String(desktop.pid), '-o', 'args='], { encoding: 'utf8' });
      expect(computing).toMatch(new RegExp(`^\\S*node ${unpacked('out', 'main', 'worker', 'entry.js')}$`, 'm'));
      await stopAfter(checkpoint!.step);
    });
  });

  it('told by the system to end, saves the run that is going and asks nobody', async () => {
    let runId = '';
    const steps = (desktop: PackedProgram): Promise<RunRecord> => desktop.call('runs.get', { runId });
    await PackedProgram.during(program, folder.home, async (desktop) => {
      [runId = ''] = (await desktop.call('sample.start', { methods: ['gkd'] })).runIds;
      await expect.poll(async () => (await steps(desktop)).lastStep).toBeGreaterThan(2);
    });
    await PackedProgram.during(program, folder.home, async (desktop) => {
      const { status, checkpoint, lastStep } = await steps(desktop);
      expect([status, checkpoint?.step]).toEqual(['stopped', lastStep]);
    });
  });
});
