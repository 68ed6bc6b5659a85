import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A GNOME Keyring that is open, on a message bus of its own. */
export interface Keyring { env: Record<string, string>; end(): void }

/** @param home  folder of the person whose keyring it is */
export async function keyring(home: string): Promise<Keyring> {
  // The keyring that a login opens is the one that programs keep things in.
  await mkdir(join(home, '.local', 'share', 'keyrings'), { recursive: true });
  await writeFile(join(home, '.local', 'share', 'keyrings', 'default'), 'login');
  const session = spawn('dbus-run-session', ['--', 'bash', '-c', 'printf pass | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1; echo "$DBUS_SESSION_BUS_ADDRESS"; cat'], {
    env: { ...process.env, HOME: home, XDG_RUNTIME_DIR: home }, stdio: ['pipe', 'pipe', 'ignore'],
  });
  const [address] = await new Promise<[string]>((resolve, reject) => {
    createInterface(session.stdout).once('line', (line) => resolve([line]));
    session.once('error', reject);
    session.once('exit', (code) => reject(new Error(`dbus-run-session ended with ${code}`)));
  });
  // Its shell ends when nobody holds its input, the bus with it, and the keyring with the bus.
  return { env: { HOME: home, XDG_CURRENT_DESKTOP: 'GNOME', DBUS_SESSION_BUS_ADDRESS: address }, end: () => { session.stdin.end(); } };
}
