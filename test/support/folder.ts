/** Folders of a test. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** The path of a new folder, which is gone when the test that asked has ended. */
export function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'task-mcp-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
