import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FleetgridError } from '../../domain/errors.ts'
import { isJsonObject } from '../../domain/json.ts'
import type { Jobs } from '../../ports/jobs.ts'

const JOB_ID = /^[A-Za-z0-9_-]{1,64}$/

/** Job documents as files `{folder}/{jobId}.json`: `{ "operation": "OtaUpdate", "desiredVersion": "2.9" }`. */
export function createEmbeddedJobs({ folder }: { folder: string }): Jobs {
  return {
    async desiredVersion(jobId) {
      // The id becomes a file name: nothing but AWS's own alphabet may pass.
      if (!JOB_ID.test(jobId)) return undefined
      const file = join(folder, `${jobId}.json`)
      const text = await readFile(file, 'utf8').catch((error) => {
        if (error.code === 'ENOENT') return undefined
        throw error
      })
      if (text === undefined) return undefined
      const version = readVersion(text)
      if (version === undefined) {
        throw new FleetgridError('invalid', `${file} is not JSON with a text desiredVersion`)
      }
      return version
    },
  }
}

function readVersion(text: string): string | undefined {
  try {
    const document: unknown = JSON.parse(text)
    const version = isJsonObject(document) ? document['desiredVersion'] : undefined
    return typeof version === 'string' ? version : undefined
  } catch {
    return undefined
  }
}
