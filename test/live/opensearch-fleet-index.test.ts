import t from 'tap'
import { fleetIndexContract } from '../contracts/fleet-index.ts'
import { testCluster } from '../helpers/opensearch.ts'

fleetIndexContract(t, async (t) => {
  const cluster = testCluster(t)
  return { index: await cluster.instance(), settle: cluster.settle }
})
