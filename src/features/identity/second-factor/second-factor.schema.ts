import { Type } from 'typebox';
import { Secret } from '../account.schema.ts';
import { closed, LoginReply, Password } from '../identity.schema.ts';

const Code = Type.String({
  minLength: 1,
  maxLength: 64,
  description: '6 digits of the authenticator, or a recovery code.',
});
const RecoveryCodes = Type.Array(Type.String(), { description: 'Shown this once; each is good once.' });

export const SecondStepBody = Type.Object({ challenge: Secret, code: Code }, closed);
export const ChallengeBody = Type.Object({ challenge: Secret }, closed);
export const EnrolBody = Type.Object({ password: Type.Optional(Password) }, closed);
export const CodeBody = Type.Object({ code: Code }, closed);
export const RequirementBody = Type.Object({ required: Type.Boolean() }, closed);

export const SecondStepReply = Type.Object(
  { ...LoginReply.properties, recovery_codes: Type.Union([RecoveryCodes, Type.Null()]) },
  closed,
);
export const EnrolmentReply = Type.Object(
  {
    secret: Type.String({ description: 'Base32, to type into an authenticator.' }),
    otpauth_uri: Type.String({ description: 'The same as authenticators read it from a QR code.' }),
  },
  closed,
);
export const StateReply = Type.Object(
  { enabled: Type.Boolean(), recovery_codes_left: Type.Integer({ minimum: 0 }) },
  closed,
);
export const CodesReply = Type.Object({ recovery_codes: RecoveryCodes }, closed);
