/** How the contract was deployed, as `npm run deploy` wrote it. The file is read at each request: it comes after the daemon's first start. */
import { readFile } from 'node:fs/promises'
import type Router from '@koa/router'
import { type Deployment, deployment } from '../../client/checks/deployment.ts'
import { Problem } from '../problem.ts'
import { answer, type Services } from './services.ts'

export function addDeploymentRoute(router: Router, services: Services): void {
  router.get('/api/deployment', async (context) => answer(context, deployment, await readDeployment(services)))
}

async function readDeployment({ deployment: path, rules: { domain } }: Services): Promise<Deployment> {
  const text = path === null ? undefined : await readFile(path, 'utf8').catch(noneYet)
  if (text === undefined) throw new Problem('NOT_FOUND', 'no record of the deployment is published here')
  const record = deployment.read(JSON.parse(text), '')
  if (record.chainId !== domain.chainId || record.contract !== domain.verifyingContract)
    throw new Problem('NOT_FOUND', 'the record that lies here is of another contract')
  return record
}

function noneYet(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
