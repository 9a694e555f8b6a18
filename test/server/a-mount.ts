/** File systems of a test's own, made with mount(8): a small one that can be filled, and one whose disk turns read-only. Root is needed. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { aFolder } from './a-server.ts'

const run = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

function works(work: () => void): boolean {
  try {
    work()
    return true
  } catch {
    return false
  }
}

const root = process.getuid?.() === 0

/** Whether this machine lets tests mount at all. */
export const mountsHere =
  root &&
  works(() => {
    const folder = '/tmp/task-mcp-test-mount'
    mkdirSync(folder, { recursive: true })
    run('mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder)
    run('umount', folder)
  })

/** Whether it has loop devices and ext4 too, whose errors can be made. */
export const disksHere = mountsHere && existsSync('/dev/loop-control') && existsSync('/sys/fs/ext4') && works(() => run('mkfs.ext4', '-V'))

/** A memory file system of so many KiB; `resize` gives it more. */
export function aSmallDisk(kibibytes: number): { folder: string; resize(kibibytes: number): void } {
  const folder = aFolder()
  run('mount', '-t', 'tmpfs', '-o', `size=${kibibytes}k`, 'tmpfs', folder)
  onTestFinished(() => void run('umount', '-l', folder))
  return { folder, resize: (size) => void run('mount', '-o', `remount,size=${size}k`, folder) }
}

/** Mounts a folder read-only in its place, until `release`. */
export function aReadOnlyVolume(folder: string): { release(): void } {
  run('mount', '--bind', folder, folder)
  run('mount', '-o', 'remount,bind,ro', folder)
  onTestFinished(() => void run('umount', '-l', folder))
  return { release: () => void run('mount', '-o', 'remount,bind,rw', folder) }
}

/** A disk that is read-only from `fail` on, as after an error of the hardware. Nobody may hold a file of it open when it is unmounted. */
export function aFailingDisk(): { folder: string; fail(): void; unmount(): void; repair(): void } {
  const home = aFolder()
  const folder = path.join(home, 'disk')
  const image = path.join(home, 'image')
  mkdirSync(folder)
  writeFileSync(image, Buffer.alloc(16 * 1024 * 1024))
  run('mkfs.ext4', '-q', image)
  const mount = (): void => void run('mount', '-o', 'loop,errors=remount-ro', image, folder)
  mount()
  onTestFinished(() => void run('umount', '-l', folder))
  const device = (): string => /\/dev\/(loop\d+) (\S+)/g.exec(lineOf(folder))?.[1] ?? ''
  return {
    folder,
    fail: () => writeFileSync(`/sys/fs/ext4/${device()}/trigger_fs_error`, '1'),
    unmount: () => void run('umount', folder),
    repair: () => {
      works(() => run('fsck.ext4', '-p', image))
      mount()
    },
  }
}

const lineOf = (folder: string): string =>
  readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .find((line) => line.split(' ')[1] === folder) ?? ''
