import { expect, test } from 'vitest'
import { wallFaults } from '../../../tools/wall.js'

test('the wall: no folder imports what it may not', () => {
  expect(wallFaults()).toEqual([])
})
