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

export function changeEmailMail(to: string, link: string): Mail {
  return {
    to,
    subject: 'Verify your new e-mail address',
    text: lines(
      'Somebody, probably you, wants this to be the e-mail address of their account.',
      'Follow this link to show that it is yours; then it is. It is good for 24 hours, once:',
      link,
      'If it was not you, do nothing.',
    ),
  };
}

export function emailChangingMail(to: string, link: string): Mail {
  return {
    to,
    subject: 'Your e-mail address is about to be changed',
    text: lines(
      'Somebody who is logged in to your account gave it another e-mail address. It counts once its link is followed.',
      'If it was not you, choose a new password at once; then the link is good no more:',
      link,
    ),
  };
}

export function emailChangedMail(to: string, link: string): Mail {
  return {
    to,
    subject: 'Your e-mail address was changed',
    text: lines(
      'Your account has another e-mail address now, and this one gets its mail no more.',
      'If it was not you, ask the operator of this installation for help. Its address:',
      link.replace(/\/forgot-password$/, ''),
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
