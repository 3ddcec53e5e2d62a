import { LightBulbIcon } from '@primer/octicons-react';
import { Link } from 'react-router';
import type { RecalledItem } from '../api/types.ts';
import { formatDay } from '../ui/format.ts';
import classes from './recalled-list.module.css';

/** What memory gave to an answer, folded to one line; each thing leads to where it can be corrected or forgotten. */
export function RecalledList({ items }: { items: readonly RecalledItem[] }) {
  return (
    <details className={classes.recalled}>
      <summary className={classes.summary}>
        <LightBulbIcon size={14} /> <span>Remembered: {summaryOf(items)}</span>
      </summary>
      <ul className={classes.list} aria-label="Remembered">
        {items.map((item) => (
          <li key={`${item.kind} ${item.message_id} ${item.content}`}>
            <bdi>{item.content}</bdi> <ItemSource item={item} />
          </li>
        ))}
      </ul>
    </details>
  );
}

function ItemSource({ item: { message_id: id, content, created_at } }: { item: RecalledItem }) {
  return (
    <span className={classes.source}>
      {formatDay(new Date(created_at), new Date())} ·{' '}
      <Link to={id === null ? '/memory' : `/memory/${id}`} aria-label={`Correct or forget: ${content.slice(0, 80)}`}>
        Correct or forget
      </Link>
    </span>
  );
}

const LONGEST_SUMMARY = 80;

function summaryOf(items: readonly RecalledItem[]): string {
  const [first] = items;
  if (!first) return '';
  const line = first.content.replaceAll(/\s+/g, ' ');
  const shown = line.length > LONGEST_SUMMARY ? `${line.slice(0, LONGEST_SUMMARY).trimEnd()}…` : line;
  return items.length === 1 ? shown : `${shown.replace(/[.!?]+$/, '')}, and ${items.length - 1} more`;
}
