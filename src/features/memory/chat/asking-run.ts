/** What a run gives of itself. */
export type AskingRun = {
  id: string;
  sessionId: string;
  userId: string;
  apiKeyId: string | null;
  subject: string;
};
