/** Of the models in fixtures/engine/families, those that can be asked only. */
export const TEACHERS = ['gpt-oss', 'gpt-oss-tight', 'qwen3-5', 'qwen3-5-grouped', 'qwen3-5-wrapped', 'qwen3-moe', 'qwen3-moe-sparse'];
