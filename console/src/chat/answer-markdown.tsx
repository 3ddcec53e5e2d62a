import { type ComponentProps, createContext, memo, type ReactNode, useContext, useMemo } from 'react';
import Markdown, { type Components } from 'react-markdown';
import remarkGfm from 'remark-gfm';
import type { Citation } from '../api/types.ts';
import classes from './answer-markdown.module.css';
import { CitationChip } from './citation-chip.tsx';
import { citationMarks, MARK_ELEMENT } from './citation-marks.ts';

type Props = { text: string; citations: readonly Citation[]; unfinished: boolean };

const Citations = createContext<readonly Citation[]>([]);

/**
 * An answer's Markdown. Raw HTML stays text, addresses are limited to safe schemes (react-markdown's default), and images
 * are never fetched: a model could otherwise be talked into sending what it read to someone else's server in an address.
 */
export const AnswerMarkdown = memo(function AnswerMarkdown({ text, citations, unfinished }: Props) {
  const plugins = useMemo(() => [remarkGfm, citationMarks({ citations, unfinished })], [citations, unfinished]);
  return (
    <div className={classes.markdown} dir="auto">
      <Citations value={citations}>
        <Markdown remarkPlugins={plugins} components={COMPONENTS}>
          {text}
        </Markdown>
      </Citations>
    </div>
  );
});

function Mark({ number, index }: { number?: string; index?: string }) {
  const citation = useContext(Citations)[Number(index)];
  return <CitationChip number={Number(number)} citation={citation ?? null} />;
}

function OutsideLink({ href, children }: { href?: string | undefined; children?: ReactNode }) {
  return (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  );
}

function Picture({ alt, src }: ComponentProps<'img'>) {
  return <OutsideLink href={typeof src === 'string' ? src : undefined}>{alt || 'Picture'}</OutsideLink>;
}

function ScrollingTable({ children }: { children?: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    // biome-ignore lint/a11y/useSemanticElements: no form field stands in this group
    <div className={classes.table} tabIndex={0} role="group" aria-label="Table">
      <table>{children}</table>
    </div>
  );
}

function CodeBlock({ children }: { children?: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <pre dir="ltr" tabIndex={0}>
      {children}
    </pre>
  );
}

// The page has the first two levels of headings; an answer's begin below them.
const COMPONENTS = {
  a: OutsideLink,
  img: Picture,
  table: ScrollingTable,
  pre: CodeBlock,
  h1: 'h3',
  h2: 'h3',
  h5: 'h4',
  h6: 'h4',
  [MARK_ELEMENT]: Mark,
} as Components;
