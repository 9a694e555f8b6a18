/** A plan on paper: signed by who made it, approved by somebody else, applied only where and while it holds. */
import { DeniedError, ExpectedError, InterruptedError, MovedError, UsageError } from '../errors.ts'
import { canonical } from './fields.ts'
import { type OwnKey, type Signer, signedBy, signText } from './keys.ts'
import type { Look } from './look.ts'
import type { Plan, PlannedWrite } from './plan.ts'
import { isKept, recordable, withheld } from './run-record.ts'
import { fromKeeper } from './undo.ts'

export interface Signature {
  name: string
  key: string
  signature: string
}

export interface PlanFile {
  kind: 'task-mcp plan'
  schemaVersion: 1
  plan: Plan
  /** The command line that it is for. */
  command: string
  /** Objections and gates that the plan goes on in spite of. */
  despite: string[]
  /** Uid of the namespace kube-system, which no two clusters share; its address where that may not be read. */
  cluster: string
  /** RFC 3339. */
  madeAt: string
  expiresAt: string
  author: Signature
  approval?: Signature & { at: string }
}

export interface Paper {
  plan: Plan
  command: string
  despite: readonly string[]
  cluster: string
  now: number
  /** Seconds. */
  validFor: number
}

/** The text of a plan file. RefusedError-free: what may not be written down (a value that looks like a secret) is a UsageError. */
export function writePlanFile(paper: Paper, own: OwnKey, signers: readonly Signer[]): PlanFile {
  const plan = recordable(paper.plan)
  if (
    plan.writes.some((write) =>
      write.fields.some((field) => [field.from, field.to].includes(withheld) || (field.to === undefined && hasTemplate(paper.plan, write))),
    )
  )
    throw new UsageError(
      'the plan holds a value that looks like a secret, so it is not written into a file',
      'do it at one terminal, with --yes',
    )
  const body = {
    kind: 'task-mcp plan' as const,
    schemaVersion: 1 as const,
    plan,
    command: paper.command,
    despite: [...paper.despite],
    cluster: paper.cluster,
    madeAt: new Date(paper.now).toISOString(),
    expiresAt: new Date(paper.now + paper.validFor * 1000).toISOString(),
  }
  const name = nameOf(own.public, signers, 'you')
  return { ...body, author: { name, key: own.public, signature: signText(signedText(body), own) } }
}

/** Whether a template would be lost on paper: it has no keeper in the cluster. */
const hasTemplate = (plan: Plan, write: PlannedWrite): boolean =>
  plan.writes.some(
    (one) =>
      one.ref.name === write.ref.name &&
      one.fields.some((field) => typeof field.to === 'object' && field.to !== null && 'spec' in field.to),
  )

/** The file with an approval. Refuses what is not whole, is over, or was made by the one who approves. */
export function approvePlanFile(file: PlanFile, own: OwnKey, signers: readonly Signer[], now: number): PlanFile {
  const author = checkAuthor(file, signers, now)
  const name = nameOf(own.public, signers, 'you')
  if (own.public === file.author.key || name === author)
    throw new DeniedError(`${author} made this plan, and a second person has to approve it`, 'give the file to somebody else')
  const at = new Date(now).toISOString()
  return { ...file, approval: { name, key: own.public, at, signature: signText(approvedText(file, at), own) } }
}

/** Throws DeniedError or MovedError where the file may not be applied here and now; gives who made it and who approved it. */
export function checkPlanFile(
  file: PlanFile,
  signers: readonly Signer[],
  cluster: ClusterMark,
  now: number,
): { author: string; approver: string } {
  const author = checkAuthor(file, signers, now)
  const here = file.cluster === cluster.uid || file.cluster === cluster.server
  if (!here && cluster.uid === undefined)
    throw new DeniedError(
      'whether the plan is for this cluster cannot be told',
      'a ClusterRole rule for get namespaces (kube-system) would allow it',
    )
  if (!here)
    throw new DeniedError(
      `the plan is for another cluster (${file.plan.cluster.context}, ${file.plan.cluster.server})`,
      'choose it with --context, or make a new plan here',
    )
  const { approval } = file
  if (approval === undefined)
    throw new DeniedError('nobody has approved the plan yet', 'somebody else runs: task-mcp approve FILE --key KEY')
  const approver = nameOf(approval.key, signers, 'the approver')
  if (approver === author || approval.key === file.author.key)
    throw new DeniedError(`${author} made the plan and approved it`, 'a second person has to approve it')
  if (!signedBy(approvedText(file, approval.at), approval.signature, approval.key))
    throw new DeniedError('the approval does not fit the plan: one of them was changed', 'make a new plan')
  return { author, approver }
}

function checkAuthor(file: PlanFile, signers: readonly Signer[], now: number): string {
  const author = nameOf(file.author.key, signers, 'who made the plan')
  const { author: _1, approval: _2, ...body } = file
  if (!signedBy(signedText(body), file.author.signature, file.author.key))
    throw new DeniedError(`the plan was changed after ${author} signed it`, 'make a new plan')
  if (Date.parse(file.expiresAt) <= now) throw new MovedError(`the plan was good until ${file.expiresAt}, which is over`, 'make a new plan')
  return author
}

function nameOf(key: string, signers: readonly Signer[], who: string): string {
  const found = signers.find((signer) => signer.public === key)
  if (found === undefined)
    throw new DeniedError(`the key of ${who} is not among those that may plan and approve`, `add a line: NAME ${key}`)
  return found.name
}

const signedText = (body: Omit<PlanFile, 'author' | 'approval'>): string => canonical(JSON.parse(JSON.stringify(body)))
const approvedText = (file: PlanFile, at: string): string => `${at} ${file.author.signature}`

/** Reads a plan file. UsageError for anything else. */
export function readPlanFile(text: string, name: string): PlanFile {
  try {
    const file = JSON.parse(text) as PlanFile
    if (file.kind === 'task-mcp plan' && file.schemaVersion === 1 && Array.isArray(file.plan?.writes) && file.author !== undefined)
      return file
  } catch {
    // Said below.
  }
  throw new UsageError(`${name} is no plan file`, 'task-mcp restart --plan-out FILE --sign-with KEY  writes one')
}

/** The plan as it can be applied: templates that stand for themselves on paper are read from where the cluster keeps them. */
export async function planFrom(look: Look, file: PlanFile): Promise<Plan> {
  const writes = await Promise.all(
    file.plan.writes.map(async (write) => ({
      ...write,
      fields: await Promise.all(
        write.fields.map(async (field) => ({
          ...field,
          from: isKept(field.from) ? await fromKeeper(look, write, field.from) : field.from,
          to: isKept(field.to) ? await fromKeeper(look, write, field.to) : field.to,
        })),
      ),
    })),
  )
  return { ...file.plan, writes }
}

/** What tells a cluster from all others: the uid of kube-system, where it may be read, and its address. */
export interface ClusterMark {
  uid: string | undefined
  server: string
}

export async function clusterMark(look: Look): Promise<ClusterMark> {
  const { server } = look.cluster.identity()
  try {
    const { uid } = (await look.cluster.get('namespaces', { name: 'kube-system' }, look.signal)).metadata
    return { uid, server }
  } catch (error) {
    if (error instanceof InterruptedError || !(error instanceof ExpectedError) || look.signal.aborted) throw error
  }
  return { uid: undefined, server }
}
