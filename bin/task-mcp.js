#!/usr/bin/env node
import module from 'node:module'

const needed = 24
if (Number.parseInt(process.versions.node, 10) < needed) {
  process.stderr.write(`task-mcp needs Node ${needed} or newer, and this is Node ${process.versions.node}: https://nodejs.org\n`)
  process.exit(2)
}
module.enableCompileCache?.()
await import('../dist/start.js')
