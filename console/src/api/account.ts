import type { Enrolment } from './auth.ts';
import { request } from './request.ts';
import type { Page, Role, Tenant, User } from './types.ts';

export type Login = {
  id: string;
  current: boolean;
  tenant: { id: string; slug: string; name: string };
  second_factor: boolean;
  address: string | null;
  user_agent: string | null;
  created_at: string;
  last_used_at: string | null;
};

export type ApiKey = {
  id: string;
  name: string;
  prefix: string;
  scopes: string[];
  expires_at: string | null;
  last_used_at: string | null;
  created_at: string;
};

const PAGE = 100;

export function readMe(signal: AbortSignal): Promise<{ user: User; tenant: Tenant }> {
  return request('/v1/auth/me', { signal });
}

export function sendVerification(): Promise<void> {
  return request('/v1/auth/verify-email/send', { method: 'POST' });
}

export function changePassword(current: string, next: string): Promise<void> {
  const body = { new_password: next, ...(current === '' ? {} : { current_password: current }) };
  return request('/v1/auth/change-password', { method: 'POST', body });
}

export function changeEmail(email: string, password: string): Promise<void> {
  const body = { email, ...(password === '' ? {} : { password }) };
  return request('/v1/auth/change-email', { method: 'POST', body });
}

export type LinkedProvider = { provider: string; email: string; created_at: string };

export function listLinkedProviders(signal: AbortSignal): Promise<Page<LinkedProvider>> {
  return request('/v1/auth/external-identities', { signal });
}

export function unlinkProvider(provider: string): Promise<void> {
  return request(`/v1/auth/external-identities/${encodeURIComponent(provider)}`, { method: 'DELETE' });
}

export function listLogins(signal: AbortSignal): Promise<Page<Login>> {
  return request('/v1/auth/logins', { query: { limit: PAGE }, signal });
}

export function endLogin(id: string): Promise<void> {
  return request(`/v1/auth/logins/${id}`, { method: 'DELETE' });
}

export function endOtherLogins(): Promise<void> {
  return request('/v1/auth/logins', { method: 'DELETE' });
}

export type SecondFactor = { enabled: boolean; recovery_codes_left: number };

export function readSecondFactor(signal: AbortSignal): Promise<SecondFactor> {
  return request('/v1/auth/second-factor', { signal });
}

export function beginSecondFactor(password: string): Promise<Enrolment> {
  return request('/v1/auth/second-factor', { method: 'POST', body: password === '' ? {} : { password } });
}

export function confirmSecondFactor(code: string): Promise<{ recovery_codes: string[] }> {
  return request('/v1/auth/second-factor/confirm', { method: 'POST', body: { code } });
}

export function removeSecondFactor(code: string): Promise<void> {
  return request('/v1/auth/second-factor/remove', { method: 'POST', body: { code } });
}

export function listApiKeys(signal: AbortSignal): Promise<Page<ApiKey>> {
  return request('/v1/api-keys', { query: { limit: PAGE }, signal });
}

export function createApiKey(name: string, scopes: string[]): Promise<ApiKey & { key: string }> {
  return request('/v1/api-keys', { method: 'POST', body: { name, scopes } });
}

export function rotateApiKey(id: string): Promise<ApiKey & { key: string }> {
  return request(`/v1/api-keys/${id}/rotate`, { method: 'POST', body: {} });
}

export function revokeApiKey(id: string): Promise<void> {
  return request(`/v1/api-keys/${id}`, { method: 'DELETE' });
}

export function listTenants(signal: AbortSignal): Promise<Page<Tenant & { name: string }>> {
  return request('/v1/tenants', { query: { limit: PAGE }, signal });
}

export type Member = User & { role: Role; is_active: boolean; last_login_at: string | null };
export type Invitation = { id: string; email: string; role: Role; expires_at: string; link?: string | null };

export function listMembers(cursor: string | null, signal: AbortSignal): Promise<Page<Member>> {
  return request('/v1/users', { query: { limit: PAGE, cursor }, signal });
}

export function changeMember(id: string, change: { role?: Role; is_active?: boolean }): Promise<void> {
  return request(`/v1/users/${id}`, { method: 'PATCH', body: change });
}

export function removeMember(id: string): Promise<void> {
  return request(`/v1/users/${id}`, { method: 'DELETE' });
}

export function listInvitations(signal: AbortSignal): Promise<Page<Invitation>> {
  return request('/v1/invitations', { query: { limit: PAGE }, signal });
}

export function invite(email: string, role: Role): Promise<Invitation> {
  return request('/v1/invitations', { method: 'POST', body: { email, role } });
}

export function revokeInvitation(id: string): Promise<void> {
  return request(`/v1/invitations/${id}`, { method: 'DELETE' });
}

export type AuditEntry = {
  id: string;
  act: string;
  actor: { kind: string; id: string | null };
  target: { kind: string; id: string } | null;
  address: string | null;
  details: Record<string, unknown>;
  created_at: string;
};

export function listAudit(act: string, cursor: string | null, signal: AbortSignal): Promise<Page<AuditEntry>> {
  return request('/v1/admin/audit', { query: { limit: 50, cursor, act: act === '' ? null : act }, signal });
}
