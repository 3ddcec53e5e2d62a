/** What the access token of a repository is called among the tenant's secrets. */
export function secretName(repositoryId: string): string {
  return `repository/${repositoryId}`;
}
