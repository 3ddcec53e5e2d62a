/** What a model wrote as a tool's input; a plain string where it is no JSON: the tool's own check tells the model. */
export function parseToolInput(text: string): unknown {
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
