/** What the scripts of a handed-over folder write into run/events.jsonl. */
export const trainingStarted = (fromStep = 0, steps = 12): object => ({
  event: 'started', fromStep, steps, parameters: 4960, engine: { name: 'TRL', version: '1.16.0', processes: 2, device: 'CPU', with: { torch: '2.15.0' } },
});

export const trainingStep = (step: number, loss: number | null): object => ({
  event: 'step', step, loss, divergenceOnPolicy: loss, divergenceOffPolicy: null, studentEntropy: 2.5, teacherEntropy: 2.2, agreement: 0.1, onPolicyShare: 1,
  rolloutLength: 8, rolloutEosRate: 0.5, reward: null, gradientNorm: 0.2, learningRate: 1e-3, lambda: 0.5, epoch: 0.1, completionTokens: 48, totalTokens: 48 * step,
  tokensPerSecond: 100, rolloutMs: 1, teacherMs: 1, updateMs: 1, stepMs: 3, memory: 1e6,
});
