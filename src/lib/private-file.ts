import { randomUUID } from 'node:crypto'
import { link, mkdir, open, readFile, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * The text of a file that only this user may read; made with `create` if it isn't there. Of two
 * processes that start at once both get the same text.
 */
export async function readOrCreatePrivateFile(
  file: string,
  create: () => string | Promise<string>,
): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const temporary = `${file}.${randomUUID()}`
  const handle = await open(temporary, 'wx', 0o600)
  try {
    await handle.writeFile(await create())
    await handle.sync()
  } finally {
    await handle.close()
  }
  // A link is all or nothing, and fails if another process was faster: then its text counts.
  await link(temporary, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  await unlink(temporary)
  return readFile(file, 'utf8')
}
