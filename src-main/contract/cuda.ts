/** A package of Python's index that is fetched for its libraries. */
export interface Wheel {
  readonly name: string;
  readonly version: string;
  readonly file: string;
  /** Of the download. */
  readonly bytes: number;
  readonly sha256: string;
  /** Names of the libraries in it that are kept. */
  readonly libraries: readonly string[];
}

/** What fetching CUDA's libraries takes, known without asking anybody. */
export interface CudaOffer {
  readonly wheels: readonly Pick<Wheel, 'name' | 'version' | 'bytes'>[];
  /** Of all downloads, and of what is kept of them. */
  readonly bytes: number;
  readonly kept: number;
}

/** How CUDA's libraries stand on this machine. */
export interface CudaState {
  /** Where ONNX Runtime's part of them lies; null where it is nowhere. */
  readonly folder: string | null;
  /** Whether Retort has fetched it, and so may remove it. */
  readonly isFetched: boolean;
  /** Those of NVIDIA's that are nowhere. */
  readonly missing: readonly string[];
  /** Null where they cannot be fetched for this platform. */
  readonly offer: CudaOffer | null;
}
