import { integer, MOST_ACTS, perMinute, setting } from './setting.ts';

/** The settings of how often somebody may ask. Those of logins stand with the accounts. */
export const limitSettings = {
  requestsPerMinuteByAddress: perMinute('RATE_LIMIT_API_PER_MINUTE', 200, 'Requests a minute from one address.'),
  requestsPerMinuteByTenant: perMinute('RATE_LIMIT_TENANT_PER_MINUTE', 120, 'Requests a minute in one tenant.'),
  runsPerMinute: perMinute('RATE_LIMIT_RUN_PER_MINUTE', 30, 'Questions a minute of one user.'),
  messagesPerMinute: perMinute(
    'RATE_LIMIT_MESSAGES_PER_MINUTE',
    100,
    'Memory messages a minute that one user or API key may create; each of a batch counts.',
  ),
  visitorMessages: setting(
    'VISITOR_MESSAGES',
    integer(1, MOST_ACTS),
    5,
    'Messages of one anonymous visitor, and of all of one address, within VISITOR_WINDOW_HOURS.',
  ),
  visitorWindowHours: setting(
    'VISITOR_WINDOW_HOURS',
    integer(1, 500),
    6,
    'Hours in which VISITOR_MESSAGES are counted.',
  ),
  visitorsPerMinute: perMinute(
    'RATE_LIMIT_VISITOR_PER_MINUTE',
    10,
    'Credentials a minute for anonymous visitors from one address.',
  ),
  webSocketMessagesPerMinute: perMinute(
    'RATE_LIMIT_WEBSOCKET_PER_MINUTE',
    10,
    'Messages a minute of one user over WebSockets.',
  ),
  chatkitRequestsPerMinute: perMinute(
    'RATE_LIMIT_CHATKIT_PER_MINUTE',
    30,
    'Requests a minute of one user on each of the six ChatKit REST routes.',
  ),
  chatkitSessions: setting(
    'CHATKIT_SESSIONS_PER_USER',
    integer(1, MOST_ACTS),
    10,
    'Sessions that one user may have through ChatKit REST.',
  ),
  chatkitSessionDays: setting(
    'CHATKIT_SESSION_DAYS',
    integer(1, 36_500),
    30,
    'Days without use after which a session is not counted under CHATKIT_SESSIONS_PER_USER.',
  ),
  chatkitMessageLength: setting(
    'CHATKIT_MESSAGE_CHARACTERS',
    integer(1, 32_000),
    500,
    'Characters of one message through ChatKit REST.',
  ),
};
