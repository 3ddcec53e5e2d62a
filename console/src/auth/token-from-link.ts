import { useState } from 'react';
import { useLocation } from 'react-router';

/** The token of a mail's link. It stands behind the #, which no server sees. */
export function useTokenFromLink(): string {
  const { hash } = useLocation();
  const [token] = useState(() => new URLSearchParams(hash.slice(1)).get('token') ?? '');
  return token;
}
