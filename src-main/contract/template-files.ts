/** What the chat template for conversations with tools is called, where a model has another one for them. */
export const TOOL_USE = 'tool_use';

/** The files beside a model that hold nothing but a chat template: its own, and the one for tools. */
export const TEMPLATE_FILES: readonly string[] = ['chat_template.jinja', `additional_chat_templates/${TOOL_USE}.jinja`];
