import type { Icon } from './definition.ts'

/** Drawings on a field of 16 by 16, in a blue that can be seen on light and on dark. Each is inside the message: nothing is fetched. */
const drawn = (path: string): readonly Icon[] => {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="${path}" fill="none" stroke="#37c" stroke-width="2"/></svg>`
  return [{ src: `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`, mimeType: 'image/svg+xml', sizes: ['any'] }]
}

export const icons = {
  list: drawn('M1 4l1 1 2-3M6 4h9M1 9l1 1 2-3M6 9h9M6 14h9'),
  task: drawn('M2 2h12v12H2z'),
  add: drawn('M8 2v12M2 8h12'),
  read: drawn('M2 3h12M2 8h12M2 13h8'),
  search: drawn('M7 2a5 5 0 1 0 .1 0M11 11l4 4'),
  change: drawn('M2 14l1-4 8-8 3 3-8 8z'),
  done: drawn('M2 8l4 4 8-9'),
  again: drawn('M13 5a6 6 0 1 0 1 4M13 1v4H9'),
  remove: drawn('M3 3l10 10M13 3L3 13'),
  claim: drawn('M3 1v14M3 2h10l-3 3 3 3H3'),
  comment: drawn('M2 2h12v9H7l-4 3v-3H2z'),
  history: drawn('M8 1a7 7 0 1 0 .1 0M8 4v4l3 2'),
  save: drawn('M8 1v9M4 6l4 4 4-4M2 14h12'),
} as const

/** Whether a revision has icons. */
export const hasIcons = (revision: string): boolean => revision >= '2025-11-25'

/** What is offered, as a revision may have it. */
export function asOf<T extends { readonly icons?: unknown }>(revision: string, offered: T): Omit<T, 'icons'> {
  if (hasIcons(revision)) return offered
  const { icons: _icons, ...rest } = offered
  return rest
}

export const toolIcons: Readonly<Record<string, readonly Icon[]>> = {
  create_task: icons.add,
  create_tasks: icons.add,
  get_task: icons.read,
  change_tasks: icons.change,
  delete_tasks: icons.remove,
  export_tasks: icons.save,
  list_tasks: icons.list,
  search_tasks: icons.search,
  update_task: icons.change,
  complete_task: icons.done,
  reopen_task: icons.again,
  delete_task: icons.remove,
  claim_task: icons.claim,
  heartbeat_task: icons.claim,
  release_task: icons.claim,
  add_comment: icons.comment,
  list_comments: icons.comment,
  task_history: icons.history,
}
