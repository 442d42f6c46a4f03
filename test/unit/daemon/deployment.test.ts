import { expect, test } from 'vitest'
import { createWorld, publishDeployment } from './support.ts'

test('default: what the operator published, as soon as it lies there', async () => {
  const world = createWorld()
  const { client } = await world.startDaemon()
  await expect(client.deployment()).rejects.toMatchObject({ code: 'NOT_FOUND' })
  const record = publishDeployment(world)
  expect(await client.deployment()).toEqual(record)
})

test('error: a record of another contract or chain, or none at all', async () => {
  const world = createWorld()
  const { client } = await world.startDaemon()
  publishDeployment(world, { contract: `0x${'77'.repeat(20)}` })
  await expect(client.deployment()).rejects.toMatchObject({ code: 'NOT_FOUND' })
  publishDeployment(world, { chainId: 77n })
  await expect(client.deployment()).rejects.toMatchObject({ code: 'NOT_FOUND' })
  const other = await createWorld().startDaemon({ deployment: null })
  await expect(other.client.deployment()).rejects.toMatchObject({ code: 'NOT_FOUND' })
})
