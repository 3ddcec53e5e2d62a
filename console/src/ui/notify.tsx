import { notifications } from '@mantine/notifications';
import { messageOf, RequestId } from './error-notice.tsx';

/** Tells of something that failed after the user has moved on, such as a deletion. */
export function notifyError(title: string, error: Error): void {
  notifications.show({
    color: 'red',
    title,
    message: (
      <>
        {messageOf(error)}
        <RequestId error={error} />
      </>
    ),
  });
}
