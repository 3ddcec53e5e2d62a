import { defineErrors } from '../../platform/http/errors.ts';

export const chatkitErrors = defineErrors('CHATKIT', {
  threadNotFound: {
    number: 1,
    kind: 'not-found',
    title: 'Thread not found',
    example: 'There is no thread with this id.',
  },
  itemNotFound: {
    number: 2,
    kind: 'not-found',
    title: 'Item not found',
    example: 'There is no item with this id in this thread.',
  },
  notPending: {
    number: 3,
    kind: 'conflict',
    title: 'Nothing waits for this',
    example: 'Nothing in this thread waits for the output of a tool.',
  },
  notAWidget: {
    number: 4,
    kind: 'invalid',
    title: 'Not a widget',
    example: 'An action comes from a widget; this item is none.',
  },
  noTranscriber: {
    number: 5,
    kind: 'invalid',
    title: 'No transcription',
    example: 'Speech is not written down here; the operator sets TRANSCRIPTION_MODEL.',
  },
  transcriptionFailed: {
    number: 6,
    kind: 'upstream',
    title: 'Transcription failed',
    example: 'The recording could not be written down. Try again.',
  },
  messageTooLong: {
    number: 7,
    kind: 'malformed',
    title: 'Message too long',
    example: 'The message has 612 characters; 500 are allowed.',
  },
  textInvalid: {
    number: 8,
    kind: 'malformed',
    title: 'Empty message',
    example: 'The message has no text.',
  },
  upstreamFailed: {
    number: 9,
    kind: 'upstream',
    title: 'The answer failed',
    example: 'The model could not be reached or gave an unusable answer.',
  },
  sessionNotFound: {
    number: 11,
    kind: 'not-found',
    title: 'Session not found',
    example: 'There is no session with this id.',
  },
  attachmentNotFound: {
    number: 12,
    kind: 'not-found',
    title: 'Attachment not found',
    example: 'There is no attachment with this id.',
  },
  recordingInvalid: {
    number: 13,
    kind: 'invalid',
    title: 'No recording',
    example: 'audio_base64 holds no recording; send its bytes in base64.',
  },
  unstorable: {
    number: 14,
    kind: 'invalid',
    title: 'Text that cannot be kept',
    example: 'The message holds a sign that cannot be kept (NUL, or half of a character): remove it and send it again.',
  },
  previewNotFound: {
    number: 10,
    kind: 'not-found',
    title: 'Preview not found',
    example: 'This address has expired, or its file is gone.',
  },
});
