/** What a check of readiness says of itself, for checks that tests make. */
export function checkFields(id: string) {
  return {
    id,
    category: 'security',
    weight: 'major',
    title: `${id} is as it should be`,
    items: ['S3-52'],
    expected: 'well',
    remedy: 'mend it',
    validDays: 7,
  } as const;
}
