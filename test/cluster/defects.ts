/** What a release may do wrong with the machine that it runs on: code that is loaded before the server. */

/** Every request is worked on synchronously, for so many milliseconds. */
export const synchronous = (milliseconds: number): string => `
import { Server } from 'node:http'
const { emit } = Server.prototype
Server.prototype.emit = function (name, request, ...rest) {
  if (name === 'request' && request.url.startsWith('/mcp')) for (const end = performance.now() + ${milliseconds}; performance.now() < end; );
  return emit.call(this, name, request, ...rest)
}`

/** Once in so many milliseconds, something is worked out synchronously for so many. */
export const recomputing = (every: number, milliseconds: number): string => `
setInterval(() => { for (const end = performance.now() + ${milliseconds}; performance.now() < end; ); }, ${every}).unref()`

/** Something of every request is kept for ever, so many KiB of it, outside of the heap. */
export const keeping = (kib: number): string => `
import { Server } from 'node:http'
const { emit } = Server.prototype
const kept = []
Server.prototype.emit = function (name, request, ...rest) {
  if (name === 'request' && request.url.startsWith('/mcp')) kept.push(Buffer.alloc(${kib} * 1024, kept.length))
  return emit.call(this, name, request, ...rest)
}`

/** The same, as objects on the heap. */
export const keepingObjects = (kib: number): string => `
import { Server } from 'node:http'
const { emit } = Server.prototype
const kept = new Map()
Server.prototype.emit = function (name, request, ...rest) {
  if (name === 'request' && request.url.startsWith('/mcp'))
    for (let i = 0; i < ${kib}; i++) kept.set(kept.size, { at: Date.now(), path: request.url, note: [i, kept.size, 'x'.repeat(i % 200) + i] })
  return emit.call(this, name, request, ...rest)
}`

/** A cache that is filled at the start and stays as it is: so many MiB. */
export const caching = (mib: number): string => `
globalThis.warm = Array.from({ length: ${mib} }, (_, at) => Buffer.alloc(1024 * 1024, at + 1))`

/** So many lines for every request. */
export const talking = (lines: number): string => `
import { Server } from 'node:http'
const { emit } = Server.prototype
Server.prototype.emit = function (name, request, ...rest) {
  if (name === 'request' && request.url.startsWith('/mcp'))
    for (let i = 0; i < ${lines}; i++) console.log(JSON.stringify({ time: new Date(), level: 'debug', msg: 'header examined', index: i, bytes: request.rawHeaders.join().length }))
  return emit.call(this, name, request, ...rest)
}`

/** So many KiB are written into a file under a folder, every second. */
export const spooling = (folder: string, kib: number): string => `
import { appendFile } from 'node:fs/promises'
setInterval(() => appendFile('${folder}/spool.bin', Buffer.alloc(${kib} * 1024, 1)).catch(() => {}), 1000).unref()`
