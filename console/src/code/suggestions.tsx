import { Button, Skeleton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQuery } from '@tanstack/react-query';
import { changeSuggestionSetting } from '../api/code.ts';
import type { Suggestions } from '../api/code-analysis.ts';
import { queryClient } from '../app/query-client.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { ErrorNotice } from '../ui/error-notice.tsx';
import { notifyError } from '../ui/notify.tsx';
import classes from './code.module.css';
import { InlineCode } from './inline-code.tsx';
import { Place } from './place.tsx';
import { codeKeys, suggestionSettingQuery } from './queries.ts';
import { Severity } from './severity.tsx';
import { useCodePermissions } from './use-permissions.ts';

type Props = { suggestions: Suggestions | null; root: string | null };

/** What a model says of lines that are there; and for admins whether one is asked at all. */
export function SuggestionPanel({ suggestions, root }: Props) {
  const { administer } = useCodePermissions();
  return (
    <div className={classes.findings}>
      {suggestions ? <Kept suggestions={suggestions} root={root} /> : <p>No model was asked about this analysis.</p>}
      {administer && <SuggestionSetting />}
    </div>
  );
}

function Kept({ suggestions, root }: { suggestions: Suggestions; root: string | null }) {
  const { model, kept, dropped, note } = suggestions;
  return (
    <>
      <p className={classes.quiet}>
        {model === null ? 'No model could be asked.' : `By ${model}.`} Each names a line that is there, which was
        checked; whether it is right was not.
        {dropped > 0 && ` Left out, since they named none: ${dropped.toLocaleString()}.`}
      </p>
      {note && (
        <p role="note" className={classes.note}>
          {note}
        </p>
      )}
      {kept.length === 0 && !note && <p>The model suggested nothing.</p>}
      {kept.length > 0 && (
        <ul className={classes.list} aria-label="Suggestions">
          {kept.map(({ title, text, severity, path, line, snippet }) => (
            <li key={`${path}:${line} ${title}`} className={classes.finding}>
              <Severity severity={severity} />
              <div className={classes.told}>
                <p className={classes.message}>
                  <InlineCode text={title} />
                </p>
                <p className={classes.quiet}>
                  <Place root={root} path={path} line={line} />
                </p>
                <pre className={classes.evidence}>{snippet}</pre>
                <p className={classes.fix}>
                  <InlineCode text={text} />
                </p>
              </div>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** Off unless an admin wants it: lines of the code leave the house. */
function SuggestionSetting() {
  const setting = useQuery(suggestionSettingQuery);
  const [asking, { open, close }] = useDisclosure(false);
  const change = useMutation({
    mutationFn: changeSuggestionSetting,
    onError: (error) => notifyError('The setting was not changed', error),
    onSettled: async () => {
      close();
      await queryClient.invalidateQueries({ queryKey: codeKeys.suggestions });
    },
  });
  if (setting.isPending) return <Skeleton height={40} />;
  if (setting.isLoadingError) return <ErrorNotice error={setting.error} onRetry={() => void setting.refetch()} />;
  const isOn = setting.data === true;
  return (
    <div className={classes.setting}>
      <p className={classes.quiet}>
        {isOn
          ? 'Each new analysis asks this workspace’s default model what it suggests.'
          : 'Suggestions are off: no line of the code goes to a model.'}
      </p>
      <Button
        variant="default"
        size="xs"
        loading={change.isPending}
        onClick={() => (isOn ? change.mutate(false) : open())}
      >
        {isOn ? 'Turn suggestions off' : 'Turn suggestions on'}
      </Button>
      <ConfirmDialog
        opened={asking}
        title="Ask a model about code?"
        confirm="Turn on"
        busy={change.isPending}
        onConfirm={() => change.mutate(true)}
        onClose={close}
      >
        Each analysis in this workspace then sends some lines around its worst findings and most complex functions to
        the provider of the default model, secrets that are recognised masked. Whoever starts the analysis pays.
      </ConfirmDialog>
    </div>
  );
}
