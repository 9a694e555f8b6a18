import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'

const file = path.join(import.meta.dirname, '../../deploy/base/deployment.yaml')

test('the shipped pod has no rights to lose: no root, no privileges, nothing of its image can be written', () => {
  const deployment = parseAllDocuments(readFileSync(file, 'utf8'))
    .map((document) => document.toJS())
    .find(({ kind }) => kind === 'Deployment')
  const { securityContext, containers, automountServiceAccountToken } = deployment.spec.template.spec
  expect(securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } })
  expect(automountServiceAccountToken).toBe(false)
  for (const container of containers)
    expect(container.securityContext).toMatchObject({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
})
