import { encode } from 'uqr';
import type { Enrolment } from '../api/auth.ts';
import classes from './enrolment-secret.module.css';

/** The secret as a QR code for phones, and as text for who cannot scan it. */
export function EnrolmentSecret({ enrolment }: { enrolment: Enrolment }) {
  const { data, size } = encode(enrolment.otpauth_uri, { border: 2 });
  const path = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ''))).join('');
  return (
    <div className={classes.enrolment}>
      <svg
        className={classes.code}
        viewBox={`0 0 ${size} ${size}`}
        role="img"
        aria-label="QR code for your authenticator"
      >
        <rect width={size} height={size} fill="#fff" />
        <path d={path} fill="#000" shapeRendering="crispEdges" />
      </svg>
      <p className={classes.text}>
        Or type this key: <code className={classes.secret}>{enrolment.secret.match(/.{1,4}/g)?.join(' ')}</code>
      </p>
    </div>
  );
}
