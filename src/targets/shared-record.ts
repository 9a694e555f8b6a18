/** A record that several people on several machines add to. It keeps texts by id and knows nothing of what is in them. */
export interface SharedRecord {
  /** For people: `ConfigMap shop/task-mcp-inc-...`, `PostgreSQL db.example:5432/ops`. */
  readonly where: string
  /** Names of the records that are there. */
  names(signal: AbortSignal): Promise<string[]>
  /** All texts of a record by their ids; empty where there is none of that name. */
  read(name: string, signal: AbortSignal): Promise<Map<string, string>>
  /** Adds those whose id is not there yet, all or none. What is there already stays, whoever else adds at the same time. */
  add(name: string, texts: ReadonlyMap<string, string>, signal: AbortSignal): Promise<void>
  close(): Promise<void>
}
