import koffi, { type LibraryHandle } from 'koffi';

/** A card as its Vulkan driver tells of it. */
export interface VulkanCard {
  readonly name: string;
  /** Bytes of the largest part of memory that is its own. */
  readonly memory: number;
  readonly driver: string;
  readonly kind: 'discrete' | 'integrated' | 'software' | 'other';
}

/** Names of structures, from `vulkan_core.h`. */
const TYPE = { instance: 1, properties: 1000059001, memory: 1000059006, driver: 1000196000 } as const;
const VERSION_1_1 = 0x40_1000;
const DEVICE_LOCAL = 1;
const KINDS: readonly VulkanCard['kind'][] = ['other', 'integrated', 'discrete', 'other', 'software'];
/** As Dawn chooses where power does not matter. */
const RANK: Readonly<Record<VulkanCard['kind'], number>> = { discrete: 0, integrated: 1, other: 2, software: 3 };

/** Cards that Vulkan knows, the one that WebGPU takes first. None where there is no Vulkan. */
export function vulkanCards(): VulkanCard[] {
  let library: LibraryHandle;
  try {
    library = koffi.load(process.platform === 'win32' ? 'vulkan-1.dll' : 'libvulkan.so.1');
  } catch {
    return [];
  }
  const vulkan = new Vulkan(library);
  const instance = vulkan.open();
  if (instance === null) return [];
  try {
    return vulkan.devices(instance).map((device) => vulkan.card(device)).sort((one, other) => RANK[one.kind] - RANK[other.kind]);
  } finally {
    vulkan.close(instance);
  }
}

type Call = (...given: unknown[]) => number;

/** The few calls of Vulkan that tell of cards. Structures are laid out as C does on 64 bits. */
class Vulkan {
  private readonly library: LibraryHandle;

  constructor(library: LibraryHandle) {
    this.library = library;
  }

  /** Null where the loader finds no driver. */
  open(): bigint | null {
    const application = Buffer.alloc(48);
    application.writeUInt32LE(VERSION_1_1, 44);
    const info = structure(64, TYPE.instance);
    info.writeBigUInt64LE(koffi.address(application), 24);
    const out = new BigUint64Array(1);
    const status = this.call('vkCreateInstance', 'int', 'void *', 'void *', 'void *')(info, null, out);
    return status === 0 ? out[0]! : null;
  }

  close(instance: bigint): void {
    this.call('vkDestroyInstance', 'void', 'void *', 'void *')(instance, null);
  }

  devices(instance: bigint): bigint[] {
    const list = this.call('vkEnumeratePhysicalDevices', 'int', 'void *', 'void *', 'void *');
    const count = new Uint32Array(1);
    if (list(instance, count, null) !== 0 || count[0] === 0) return [];
    const devices = new BigUint64Array(count[0]);
    return list(instance, count, devices) === 0 ? [...devices] : [];
  }

  card(device: bigint): VulkanCard {
    const driver = structure(536, TYPE.driver);
    const properties = this.asked('vkGetPhysicalDeviceProperties2', device, structure(840, TYPE.properties), driver);
    const memory = this.asked('vkGetPhysicalDeviceMemoryProperties2', device, structure(536, TYPE.memory));
    return {
      name: textAt(properties, 36, 256), memory: largestOwn(memory), driver: `${textAt(driver, 20, 256)} ${textAt(driver, 276, 256)}`.trim(),
      kind: KINDS[properties.readUInt32LE(32)] ?? 'other',
    };
  }

  /** Fills a structure and those that are chained to it. */
  private asked(name: string, device: bigint, first: Buffer, ...more: Buffer[]): Buffer {
    [first, ...more].forEach((one, at, all) => { if (all[at + 1]) one.writeBigUInt64LE(koffi.address(all[at + 1]!), 8); });
    this.call(name, 'void', 'void *', 'void *')(device, first);
    return first;
  }

  private call(name: string, result: string, ...parameters: string[]): Call {
    return this.library.func(name, result, parameters) as Call;
  }
}

function structure(bytes: number, type: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUInt32LE(type, 0);
  return buffer;
}

/** Memory has up to 32 types of 8 bytes, then up to 16 heaps of 16. */
function largestOwn(memory: Buffer): number {
  const count = memory.readUInt32LE(276);
  const heaps = Array.from({ length: count }, (_, at) => ({ bytes: Number(memory.readBigUInt64LE(280 + at * 16)), flags: memory.readUInt32LE(288 + at * 16) }));
  return Math.max(0, ...heaps.filter(({ flags }) => (flags & DEVICE_LOCAL) !== 0).map(({ bytes }) => bytes));
}

function textAt(buffer: Buffer, at: number, bytes: number): string {
  const text = buffer.subarray(at, at + bytes);
  return text.toString('utf8', 0, text.indexOf(0));
}
