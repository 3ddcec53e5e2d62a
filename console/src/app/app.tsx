import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { BrowserRouter, Navigate, Route, Routes } from 'react-router';
import { ForgotPassword } from '../auth/forgot-password.tsx';
import { Invitation } from '../auth/invitation.tsx';
import { ProviderCallback } from '../auth/provider-callback.tsx';
import { Register } from '../auth/register.tsx';
import { RequireSignIn } from '../auth/require-sign-in.tsx';
import { ResetPassword } from '../auth/reset-password.tsx';
import { SignIn } from '../auth/sign-in.tsx';
import { VerifyEmail } from '../auth/verify-email.tsx';
import { PageLoading } from '../ui/page-loading.tsx';
import { ErrorBoundary } from './error-boundary.tsx';
import { NotFound } from './not-found.tsx';
import { queryClient } from './query-client.ts';
import { Shell } from './shell.tsx';
import { theme } from './theme.ts';

const ChatPage = lazy(async () => ({ default: (await import('../chat/chat-page.tsx')).ChatPage }));
const DocumentsPage = lazy(async () => ({ default: (await import('../documents/documents-page.tsx')).DocumentsPage }));
const UsagePage = lazy(async () => ({ default: (await import('../usage/usage-page.tsx')).UsagePage }));
const AccountPage = lazy(async () => ({ default: (await import('../account/account-page.tsx')).AccountPage }));
const MembersPage = lazy(async () => ({ default: (await import('../members/members-page.tsx')).MembersPage }));
const AuditPage = lazy(async () => ({ default: (await import('../audit/audit-page.tsx')).AuditPage }));
const MemoryPage = lazy(async () => ({ default: (await import('../memory/memory-page.tsx')).MemoryPage }));
const MemoryEntryPage = lazy(async () => ({
  default: (await import('../memory/memory-entry-page.tsx')).MemoryEntryPage,
}));
const RetentionPage = lazy(async () => ({ default: (await import('../retention/retention-page.tsx')).RetentionPage }));
const ReadinessPage = lazy(async () => ({ default: (await import('../readiness/readiness-page.tsx')).ReadinessPage }));
const RepositoriesPage = lazy(async () => ({
  default: (await import('../code/repositories-page.tsx')).RepositoriesPage,
}));
const RepositoryPage = lazy(async () => ({ default: (await import('../code/repository-page.tsx')).RepositoryPage }));
const DocumentPage = lazy(async () => ({ default: (await import('../documents/document-page.tsx')).DocumentPage }));

export function App() {
  return (
    // The variables and classes come as stylesheets (theme-styles.ts), never as style elements.
    <MantineProvider theme={theme} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
      <QueryClientProvider client={queryClient}>
        <ErrorBoundary>
          <BrowserRouter>
            <Pages />
          </BrowserRouter>
        </ErrorBoundary>
        <Notifications position="bottom-right" autoClose={8000} limit={4} />
      </QueryClientProvider>
    </MantineProvider>
  );
}

function Pages() {
  return (
    <Suspense fallback={<PageLoading />}>
      <Routes>
        <Route path="/sign-in" element={<SignIn />} />
        <Route path="/sign-in/callback" element={<ProviderCallback />} />
        <Route path="/register" element={<Register />} />
        <Route path="/forgot-password" element={<ForgotPassword />} />
        <Route path="/reset-password" element={<ResetPassword />} />
        <Route path="/verify-email" element={<VerifyEmail />} />
        <Route path="/invitation" element={<Invitation />} />
        <Route
          element={
            <RequireSignIn>
              <Shell />
            </RequireSignIn>
          }
        >
          <Route path="/" element={<ChatPage />} />
          <Route path="/sessions" element={<Navigate to="/" replace />} />
          <Route path="/sessions/:sessionId" element={<ChatPage />} />
          <Route path="/documents" element={<DocumentsPage />} />
          <Route path="/documents/:documentId" element={<DocumentPage />} />
          <Route path="/memory" element={<MemoryPage />} />
          <Route path="/memory/:memoryId" element={<MemoryEntryPage />} />
          <Route path="/retention" element={<RetentionPage />} />
          <Route path="/repositories" element={<RepositoriesPage />} />
          <Route path="/repositories/:repositoryId" element={<RepositoryPage />} />
          <Route path="/repositories/:repositoryId/analyses/:analysisId" element={<RepositoryPage />} />
          <Route path="/usage" element={<UsagePage />} />
          <Route path="/account" element={<AccountPage />} />
          <Route path="/members" element={<MembersPage />} />
          <Route path="/audit" element={<AuditPage />} />
          <Route path="/readiness" element={<ReadinessPage />} />
          <Route path="/readiness/:reportId" element={<ReadinessPage />} />
          <Route path="*" element={<NotFound />} />
        </Route>
      </Routes>
    </Suspense>
  );
}
