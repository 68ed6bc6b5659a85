/**
 * Which way from a row to tokens this is. 1: prompt and completion apart, a chat's answer behind the generation prompt.
 * 2: one text, cut into tokens once, a conversation as its template writes it. A checkpoint keeps the number it was
 * trained by.
 */
export const TEXT_VERSION = 2;
