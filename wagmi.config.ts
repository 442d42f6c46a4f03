import { defineConfig } from '@wagmi/cli'
import { foundry } from '@wagmi/cli/plugins'

// abi/ is committed; the checks generate it anew and compare.
export default defineConfig({
  out: 'abi/index.ts',
  plugins: [
    foundry({
      artifacts: '.build/forge/out',
      forge: { build: false },
      include: ['Treasury.sol/**', 'ITicketBroker.sol/**', 'IRoundsManager.sol/**', 'BondingManager.sol/**'],
    }),
  ],
})
