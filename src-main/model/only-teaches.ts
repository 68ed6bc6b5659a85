import { Problem } from '../contract/problem.ts';
import { buildDecoder } from '../nn/build.ts';
import type { ModelConfig } from '../nn/config.ts';

/** @throws Problem where a model can be asked only. @param end  of the sentence: what was wanted of it */
export function refuseOnlyTeaches(path: string, config: ModelConfig, end: string): void {
  if (!buildDecoder(config).onlyTeaches) return;
  throw new Problem(`${path} is a model of the type ${config.modelType}, which Retort asks and does not train: ${end}.`, {
    hint: 'It can be a teacher (teacher.model), and it can be evaluated, compared and asked for text.',
  });
}
