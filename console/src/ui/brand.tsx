import classes from './brand.module.css';

export function Brand({ size = 22 }: { size?: number }) {
  return (
    <span className={classes.brand}>
      <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
        <rect width="32" height="32" rx="9" className={classes.tile} />
        <path d="M9 8.5h9.2a6.3 6.3 0 0 1 0 12.6h-4.6L9 25z" fill="#fff" />
        <circle cx="18" cy="14.8" r="2.1" className={classes.tile} />
      </svg>
      Parley
    </span>
  );
}
