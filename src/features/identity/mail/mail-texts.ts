import type { Mail } from '../../../platform/mail/mailer.ts';

/** The mails of this feature. Names that users chose are in none of them but invitations, and there on one line: a mail of
 * ours must not carry somebody's message. */

export function verifyEmailMail(to: string, link: string): Mail {
  return {
    to,
    subject: 'Verify your e-mail address',
    text: lines(
      'Somebody, probably you, made an account with this e-mail address.',
      'Follow this link to show that it is yours. It is good for 24 hours, once:',
      link,
      'If it was not you, do nothing.',
    ),
  };
}

export function resetPasswordMail(to: string, link: string): Mail {
  return {
    to,
    subject: 'Reset your password',
    text: lines(
      'Somebody, probably you, asked for a new password for your account.',
      'Follow this link to choose one. It is good for 30 minutes, once:',
      link,
      'If it was not you, do nothing: your password stays as it is.',
    ),
  };
}

export function passwordChangedMail(to: string, link: string): Mail {
  return {
    to,
    subject: 'Your password was changed',
    text: lines(
      'The password of your account was changed, and its other logins were ended.',
      'If it was not you, choose a new one at once:',
      link,
    ),
  };
}

export function secondFactorRemovedMail(to: string, link: string): Mail {
  return {
    to,
    subject: 'Your second factor was removed',
    text: lines(
      'Your account is guarded by its password alone from now on.',
      'If it was not you, choose a new password at once:',
      link,
    ),
  };
}

export function invitationMail(to: string, tenant: string, link: string): Mail {
  return {
    to,
    subject: `You are invited to ${tenant}`,
    text: lines(
      `You are invited to join ${tenant}.`,
      'Follow this link to accept. It is good for 7 days, once:',
      link,
      'If you do not know what this is about, do nothing.',
    ),
  };
}

function lines(...paragraphs: string[]): string {
  return `${paragraphs.join('\n\n')}\n`;
}
