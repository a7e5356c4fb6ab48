import type { ReactNode } from 'react'
import { bootData } from '../app/boot-data.ts'

export function Logo({ size }: { readonly size: number }): ReactNode {
  return <img src={`${bootData.settings.appSubUrl}/public/img/quartet.svg`} width={size} height={size} alt="" />
}
