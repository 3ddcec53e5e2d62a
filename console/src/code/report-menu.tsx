import { Button, Menu } from '@mantine/core';
import { DownloadIcon } from '@primer/octicons-react';
import { useMutation } from '@tanstack/react-query';
import { downloadReport, REPORT_FORMATS, type ReportFormat } from '../api/code.ts';
import { notifyError } from '../ui/notify.tsx';
import { saveFile } from '../ui/save-file.ts';

const WORDS: Readonly<Record<ReportFormat, string>> = {
  pdf: 'PDF, to print or send',
  html: 'Web page (HTML)',
  markdown: 'Markdown, for a wiki or issue',
  sarif: 'SARIF, for code scanners',
  json: 'JSON, all of it',
};

export function ReportMenu({ analysisId }: { analysisId: string }) {
  const save = useMutation({
    mutationFn: async (format: ReportFormat) => {
      const { content, name } = await downloadReport(analysisId, format);
      saveFile(content, name);
    },
    onError: (error) => notifyError('The report was not made', error),
  });
  return (
    <Menu position="bottom-end" shadow="md">
      <Menu.Target>
        <Button variant="default" leftSection={<DownloadIcon size={16} />} loading={save.isPending}>
          Report
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {REPORT_FORMATS.map((format) => (
          <Menu.Item key={format} onClick={() => save.mutate(format)}>
            {WORDS[format]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
