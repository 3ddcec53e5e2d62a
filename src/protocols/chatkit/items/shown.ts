import type { ThreadEvent, Widget } from '../wire.ts';

/**
 * What a tool's output may show beside its result, as docs/chatkit.md describes it: a `widget`, an `image`, a
 * `client_effect`, a `notice`. Anything that does not have the form is a result like any other.
 */
export type Shown = {
  widget?: { widget: Widget; copy_text?: string };
  image?: { id: string; url: string };
  /** Shown once, and kept nowhere. */
  passing: readonly ThreadEvent[];
};

const ROOTS: ReadonlySet<unknown> = new Set(['Card', 'ListView', 'Basic']);

export function shownBy(output: unknown, callId: string): Shown {
  if (!isRecord(output)) return { passing: [] };
  const widget = widgetOf(output);
  const image = imageOf(output.image, callId);
  return {
    ...(widget && { widget }),
    ...(image && { image }),
    passing: [...effectOf(output.client_effect), ...noticeOf(output.notice)],
  };
}

function widgetOf(output: Record<string, unknown>): Shown['widget'] {
  const widget = output.widget;
  if (!isRecord(widget) || !ROOTS.has(widget.type)) return undefined;
  const copy = output.copy_text;
  return { widget: withoutNulls(widget) as Widget, ...(typeof copy === 'string' && { copy_text: copy }) };
}

function imageOf(image: unknown, callId: string): Shown['image'] {
  if (!isRecord(image) || typeof image.url !== 'string') return undefined;
  if (!/^(https?:|data:image\/)/.test(image.url)) return undefined;
  return { id: typeof image.id === 'string' ? image.id : callId, url: image.url };
}

function effectOf(effect: unknown): ThreadEvent[] {
  if (!isRecord(effect) || typeof effect.name !== 'string') return [];
  return [{ type: 'client_effect', name: effect.name, data: effect.data ?? {} }];
}

function noticeOf(notice: unknown): ThreadEvent[] {
  if (!isRecord(notice) || typeof notice.message !== 'string') return [];
  const { level, message, title } = notice;
  return [
    {
      type: 'notice',
      level: level === 'warning' || level === 'danger' ? level : 'info',
      message,
      ...(typeof title === 'string' && { title }),
    },
  ];
}

/** ChatKit wants widgets without nulls, in objects and in lists. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((entry) => entry !== null).map(withoutNulls);
  if (!isRecord(value)) return value;
  const kept = Object.entries(value).filter(([, entry]) => entry !== null && entry !== undefined);
  return Object.fromEntries(kept.map(([name, entry]) => [name, withoutNulls(entry)]));
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
