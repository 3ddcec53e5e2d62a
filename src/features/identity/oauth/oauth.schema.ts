import { Type } from 'typebox';
import { Secret } from '../account.schema.ts';
import { closed, list, Time } from '../identity.schema.ts';

const Provider = Type.String({ minLength: 1, maxLength: 40, description: 'google, github or oidc.' });
const Answered = Type.Optional(Type.String({ maxLength: 4096 }));

export const StartBody = Type.Object(
  {
    provider: Provider,
    redirect_uri: Type.Optional(
      Type.String({ maxLength: 2048, description: 'Your own page; without it the console’s.' }),
    ),
    remember_me: Type.Optional(Type.Boolean()),
  },
  closed,
);
export const StartReply = Type.Object(
  {
    authorization_url: Type.String({ description: 'Where to send the browser.' }),
    state: Type.String(),
    browser_token: Type.String({ description: 'Keep it in the browser that began, and send it with what comes back.' }),
  },
  closed,
);
export const CallbackBody = Type.Object(
  {
    provider: Provider,
    state: Secret,
    browser_token: Secret,
    code: Answered,
    iss: Answered,
    error: Answered,
  },
  closed,
);
export const ProvidersReply = Type.Object(
  {
    data: Type.Array(Type.Object({ name: Type.String(), label: Type.String() }, closed)),
    mail: Type.Boolean({ description: 'Whether this installation sends mail, so that a password can be reset.' }),
  },
  closed,
);

export const LinkedParams = Type.Object({ provider: Type.String({ minLength: 1, maxLength: 50 }) }, closed);
export const LinkedList = list(
  Type.Object({ provider: Type.String(), email: Type.String(), created_at: Time }, closed),
);
