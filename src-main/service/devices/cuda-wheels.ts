import type { CudaOffer, Wheel } from '../../contract/cuda.ts';
import { ORT_VERSION } from '../../runtime/ort/cuda/version.ts';

/**
 * What the CUDA provider of ONNX Runtime needs, by the names in its table of dynamic links. npm's package lacks the
 * provider; Python's of the same version has it, and NVIDIA's libraries are packages there as well. A file of that index
 * never changes. cuDNN and cuFFT are loaded for convolutions and Fourier transforms only, which no model here has.
 */
export const CUDA_WHEELS: readonly Wheel[] = [
  {
    name: 'onnxruntime-gpu', version: ORT_VERSION, file: 'onnxruntime_gpu-1.30.0-cp312-cp312-manylinux_2_28_x86_64.whl', bytes: 246_685_715,
    sha256: '6acc0f4b3d5ac5f2984432faa59dd8fcce6775f8b43a7140afa0f322c7a703b1', libraries: ['libonnxruntime_providers_cuda.so', 'libonnxruntime_providers_shared.so'],
  },
  {
    name: 'nvidia-cublas', version: '13.1.0.3', file: 'nvidia_cublas-13.1.0.3-py3-none-manylinux_2_27_x86_64.whl', bytes: 423_133_236,
    sha256: 'ee8722c1f0145ab246bccb9e452153b5e0515fd094c3678df50b2a0888b8b171', libraries: ['libcublasLt.so.13', 'libcublas.so.13'],
  },
  {
    name: 'nvidia-cuda-runtime', version: '13.0.96', file: 'nvidia_cuda_runtime-13.0.96-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl', bytes: 2_243_632,
    sha256: '7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548', libraries: ['libcudart.so.13'],
  },
  {
    name: 'nvidia-curand', version: '10.4.0.35', file: 'nvidia_curand-10.4.0.35-py3-none-manylinux_2_27_x86_64.whl', bytes: 59_544_258,
    sha256: '1aee33a5da6e1db083fe2b90082def8915f30f3248d5896bcec36a579d941bfc', libraries: ['libcurand.so.10'],
  },
];

/** What the libraries above take on the disk. */
const KEPT = 1_001_240_728;

/** What is offered here; null on platforms that the provider is not tried on. */
export function cudaOffer(): CudaOffer | null {
  if (process.platform !== 'linux' || process.arch !== 'x64') return null;
  return { wheels: CUDA_WHEELS.map(({ name, version, bytes }) => ({ name, version, bytes })), bytes: totalBytes(CUDA_WHEELS), kept: KEPT };
}

export const totalBytes = (wheels: readonly Wheel[]): number => wheels.reduce((sum, { bytes }) => sum + bytes, 0);
