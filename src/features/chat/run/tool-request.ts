/** What a run asks to be offered to its model, as it is kept with the run. */

/** A tool of the client: the run waits for its output. */
export type ClientTool = {
  type: 'function';
  name: string;
  description?: string;
  /** JSON Schema of its input. Default: an object without members. */
  parameters?: Record<string, unknown>;
  strict?: boolean;
};

/** A tool of this program, or several, by name. */
export type ServerToolChoice =
  | { type: 'search_documents' }
  | { type: 'recall_memory' }
  /** The tools of an MCP server of the tenant; `tools` names those that are wanted, by default all. */
  | { type: 'mcp'; server: string; tools?: readonly string[] };

export type ToolRequest = ClientTool | ServerToolChoice;
export type ToolChoice = 'auto' | 'none' | 'required' | { type: 'function'; name: string };
