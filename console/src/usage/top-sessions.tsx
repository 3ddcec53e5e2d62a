import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { useCredentials } from '../auth/use-credentials.ts';
import { formatUsd } from './money.ts';
import { topSessionsQuery } from './queries.ts';
import classes from './usage-page.module.css';

/** The latest chats. Others' are counted, but not named: what is said in them is theirs. */
export function TopSessions() {
  const me = useCredentials()?.user.id;
  const sessions = useQuery(topSessionsQuery).data?.data ?? [];
  if (sessions.length === 0) return null;
  return (
    <section aria-labelledby="top-sessions">
      <h2 id="top-sessions">Latest chats</h2>
      <div className={classes.scroll}>
        <table className={classes.table}>
          <thead>
            <tr>
              <th scope="col">Chat</th>
              <th scope="col" className={classes.number}>
                Messages
              </th>
              <th scope="col" className={classes.number}>
                Cost
              </th>
            </tr>
          </thead>
          <tbody>
            {sessions.map((session) => (
              <tr key={session.session_id}>
                <th scope="row">
                  {session.user_id === me ? (
                    <Link to={`/sessions/${session.session_id}`}>{session.title ?? 'New chat'}</Link>
                  ) : (
                    'Somebody else’s chat'
                  )}
                </th>
                <td className={classes.number}>{session.message_count}</td>
                <td className={classes.number}>{formatUsd(session.cost_usd)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
