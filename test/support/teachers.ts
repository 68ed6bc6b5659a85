/** Of the models in fixtures/engine/families, those that can be asked only. */
export const TEACHERS = ['gpt-oss', 'gpt-oss-tight', 'qwen3-moe', 'qwen3-moe-sparse'];
