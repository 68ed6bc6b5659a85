import { expect, it } from 'vitest';
import { deviceProblem, failureOn } from '../../src-main/runtime/ort/device-failure.ts';

const PLACE = '/onnxruntime_src/onnxruntime/core/providers/webgpu/webgpu_context.cc:136 onnxruntime::webgpu::WebGpuContext::Initialize(const onnxruntime::webgpu::WebGpuContextConfig&)::<lambda()>';
const ADAPTER = `${PLACE} adapter_result.status == wgpu::RequestAdapterStatus::Success was false. Failed to get a WebGPU adapter: No supported adapters`;
const NONE = 'There is no graphics card with a driver for Vulkan, Metal or Direct3D 12 on this machine, or its driver does not start.';

it.each([
  ['no driver, or one that does not start', ADAPTER, NONE],
  ['a driver that fails at creation', `${PLACE} device_result.status == wgpu::RequestDeviceStatus::Success was false. Failed to get a WebGPU device: Vulkan said no\nmore of it`, 'The device "webgpu" cannot be used: Failed to get a WebGPU device: Vulkan said no'],
  ['words of its own', 'the shader compiler is missing', 'The device "webgpu" cannot be used: the shader compiler is missing'],
  ['a device that is lost while it is made', 'wgpu device was lost', 'The device "webgpu" was lost in the middle of a computation: its driver was reset, or it was taken away.'],
])('%s is one sentence for a person', (_, told, wanted) => {
  expect(deviceProblem('webgpu', new Error(told))).toMatchObject({ message: wanted, hint: expect.stringMatching(/[.]$/) as string });
  expect(failureOn('webgpu', 'make ready', new Error(told)).message).toBe(wanted);
});
