import { sizeOf } from '../../graph/shape.ts';
import type { DeviceMemory, DeviceTensor } from '../../runtime/device/device-memory.ts';
import type { Lesson } from '../learner.ts';

/** Numbers that the smallest place holds; larger ones hold twice as many as the next smaller. */
const SMALLEST = 128;

/** What a micro-batch tells lies in a place until it is read, and then somebody else's does: to make a place takes as long as to read one. */
export class ToldPlaces {
  private readonly memory: DeviceMemory;
  private readonly free = new Map<number, DeviceTensor[]>();
  private readonly made: DeviceTensor[] = [];

  constructor(memory: DeviceMemory) {
    this.memory = memory;
  }

  take(shape: readonly number[]): { place: DeviceTensor; view: DeviceTensor } {
    let size = SMALLEST;
    while (size < sizeOf(shape)) size *= 2;
    const place = this.free.get(size)?.pop() ?? this.place(size);
    return { place, view: this.memory.view(place, shape) };
  }

  giveBack({ place, view }: { place: DeviceTensor; view: DeviceTensor }): void {
    this.memory.release(view);
    const size = sizeOf(place.shape);
    this.free.set(size, [...this.free.get(size) ?? [], place]);
  }

  release(): void {
    for (const place of this.made) this.memory.release(place);
  }

  private place(size: number): DeviceTensor {
    const place = this.memory.make('float32', [size]);
    this.made.push(place);
    return place;
  }
}

/** A lesson that is still on the device: the host waits for it when somebody first asks what it told, and not before. */
export class WaitingLesson implements Lesson {
  private readonly places: ToldPlaces;
  private readonly waiting = new Map<string, ReturnType<ToldPlaces['take']>>();
  private readonly read = new Map<string, Float32Array>();

  /** @param shapes  of what is told, by name */
  constructor(places: ToldPlaces, shapes: ReadonlyMap<string, readonly number[]>) {
    this.places = places;
    for (const [name, shape] of shapes) this.waiting.set(name, places.take(shape));
  }

  /** Where the graph leaves what it tells. */
  get outputs(): Record<string, DeviceTensor> {
    return Object.fromEntries([...this.waiting].map(([name, { view }]) => [name, view]));
  }

  get loss(): number {
    return this.told('loss')![0]!;
  }

  readonly told = (name: string): Float32Array | null => {
    this.fetch();
    return this.read.get(name) ?? null;
  };

  /** Gives the places back, read or not. */
  release(): void {
    for (const taken of this.waiting.values()) this.places.giveBack(taken);
    this.waiting.clear();
  }

  private fetch(): void {
    for (const [name, { view }] of this.waiting) this.read.set(name, view.memory.read(view).data as Float32Array);
    this.release();
  }
}
