/** Who somebody is at a provider. */
export type ExternalProfile = {
  /** Never given to anybody else there. */
  subject: string;
  email: string | null;
  /** Whether the provider says that the address is theirs. */
  emailVerified: boolean;
  name: string | null;
};

/** What one sign-in has of its own. */
export type OauthFlow = { redirectUri: string; state: string; nonce: string; codeVerifier: string };

export type OauthProvider = {
  /** As in addresses: `google`. */
  readonly name: string;
  /** As on a button: `Google`. */
  readonly label: string;
  /** Where the browser is sent. Rejects when the provider does not answer. */
  authorizationUrl(flow: OauthFlow): Promise<string>;
  /** Trades the code that came back for who it is. `answer` is the query that the provider sent the browser back with.
   * @throws OauthRefusedError when the provider, or a check, says no */
  identify(flow: OauthFlow, answer: URLSearchParams): Promise<ExternalProfile>;
};

/** The provider refused, or what it sent does not fit the sign-in that was begun. */
export class OauthRefusedError extends Error {}
