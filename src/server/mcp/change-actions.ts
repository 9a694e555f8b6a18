/** Changes after which the list of open tasks is another one. */
export const listActions: ReadonlySet<string> = new Set(['created', 'deleted', 'completed', 'reopened'])
