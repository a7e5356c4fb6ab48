import type { Clock } from '@quartet/runtime'
import type { Settings } from '../config/settings.ts'
import type { Users } from '../storage/users.ts'
import { generatePassword, hashPassword } from './password.ts'

/**
 * Creates the administrator when there is nobody yet.
 * @returns the login and password to show once, when the password was made up here
 */
export async function createFirstAdmin(
  users: Users,
  settings: Settings,
  clock: Clock,
): Promise<{ login: string; password: string } | undefined> {
  if ((await users.count()) > 0) return undefined
  const login = settings.text('security', 'admin_user')
  const configured = settings.text('security', 'admin_password')
  const password = configured === '' ? generatePassword() : configured
  await users.create({
    login,
    email: settings.text('security', 'admin_email'),
    passwordHash: await hashPassword(password),
    isAdmin: true,
    nowMs: clock.nowMs(),
  })
  return configured === '' ? { login, password } : undefined
}
