import { Loader } from '@mantine/core';
import classes from './page-loading.module.css';

export function PageLoading() {
  return (
    <div className={classes.page} role="status" aria-label="Loading">
      <Loader size="sm" type="dots" />
    </div>
  );
}
