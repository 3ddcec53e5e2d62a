import { SEVERITIES } from '../api/code.ts';
import classes from './code.module.css';
import { SEVERITY_WORDS } from './words.ts';

export function Severity({ severity }: { severity: string }) {
  const known = SEVERITIES.find((each) => each === severity) ?? 'low';
  return <span className={`${classes.severity} ${classes[known]}`}>{SEVERITY_WORDS[known]}</span>;
}
