import type { Clock } from '@quartet/runtime'
import type { Settings } from '../config/settings.ts'
import type { Users } from '../storage/users.ts'
import { generatePassword, hashPassword } from './password.ts'

/**
 * Creates the administrator when there is nobody yet. A password that was made up here and that nobody has logged in with is made
 * up anew at the next start: what was printed may have been lost, for example when another system kept Quartet from starting.
 * @returns the login and password to show, when the password was made up here
 */
export async function createFirstAdmin(
  users: Users,
  settings: Settings,
  clock: Clock,
): Promise<{ login: string; password: string } | undefined> {
  const unclaimed = await users.unclaimed()
  if (!unclaimed && (await users.count()) > 0) return undefined
  const configured = settings.text('security', 'admin_password')
  const password = configured === '' ? generatePassword() : configured
  const passwordHash = await hashPassword(password)
  const login = unclaimed?.login ?? settings.text('security', 'admin_user')
  if (unclaimed) await users.setPassword(unclaimed.id, passwordHash, clock.nowMs())
  else {
    const email = settings.text('security', 'admin_email')
    const id = await users.create({ login, email, passwordHash, isAdmin: true, nowMs: clock.nowMs() })
    if (configured === '') await users.markUnclaimed(id)
  }
  return configured === '' ? { login, password } : undefined
}
