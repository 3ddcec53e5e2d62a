import { LinkExternalIcon } from '@primer/octicons-react';
import classes from './code.module.css';
import { sourceAddress } from './source-address.ts';
import { placeWords } from './words.ts';

type Props = { root: string | null; path: string | null; line: number | null };

/** A file and line; a link where its host shows it. */
export function Place({ root, path, line }: Props) {
  const words = placeWords(path, line);
  const address = path === null ? null : sourceAddress(root, path, line);
  if (address === null) return path === null ? words : <code className={classes.place}>{words}</code>;
  return (
    <a href={address} target="_blank" rel="noreferrer" className={classes.place}>
      <code>{words}</code>
      <span className={classes.hidden}> (in a new tab)</span> <LinkExternalIcon size={12} />
    </a>
  );
}
