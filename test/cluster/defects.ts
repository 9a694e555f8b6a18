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

/** Something is kept for ever, so many KiB of it every second: outside of the heap. */
export const growing = (kib: number): string => `
const kept = []
setInterval(() => kept.push(Buffer.alloc(${kib} * 512, kept.length)), 500).unref()`

/** The same, as so many thousand objects on the heap. */
export const growingObjects = (thousands: number): string => `
const kept = new Map()
setInterval(() => {
  for (let i = 0; i < ${thousands} * 500; i++) kept.set(kept.size, { at: Date.now(), note: [i, kept.size], text: 'entry ' + i })
}, 500).unref()`

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
