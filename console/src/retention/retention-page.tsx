import { useCredentials } from '../auth/use-credentials.ts';
import { PanelPage } from '../ui/panel-page.tsx';
import { PolicySection } from './policy.tsx';
import { RuleSection } from './rules.tsx';
import { RunSection } from './runs.tsx';

/** How long everybody's memories are kept, for admins. */
export function RetentionPage() {
  const role = useCredentials()?.tenant.role;
  const isAdmin = role === 'admin' || role === 'owner';
  return (
    <PanelPage
      title="Retention"
      lead={
        isAdmin
          ? 'How long the memories of everybody in this workspace are kept.'
          : 'How long memories are kept is decided by the admins of this workspace.'
      }
    >
      {isAdmin && (
        <>
          <PolicySection />
          <RuleSection />
          <RunSection />
        </>
      )}
    </PanelPage>
  );
}
