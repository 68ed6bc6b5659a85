/** Of the models in fixtures/engine/families, those that can be asked only. */
export const TEACHERS = ['qwen3-moe', 'qwen3-moe-sparse'];
