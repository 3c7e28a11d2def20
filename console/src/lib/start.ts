// Whose start page is shown: that of the role, until a person chooses another one on this device.
import type { WordKey } from '../words/en'

export const VIEWS = ['duty', 'investigator', 'planner', 'street', 'auditor', 'leader'] as const
export type StartView = (typeof VIEWS)[number]
const KEPT = 'twinward.start'
const OF_ROLE: Record<string, StartView> = {
  duty_officer: 'duty', administrator: 'duty', case_investigator: 'investigator', planner: 'planner', leader: 'leader', community_officer: 'street', department_officer: 'street', hospital: 'street', courier: 'street', auditor: 'auditor', data_officer: 'auditor', public: 'leader',
}

export function viewOf(role: string): StartView {
  const kept = localStorage.getItem(KEPT)
  return VIEWS.find((one) => one === kept) ?? OF_ROLE[role] ?? 'duty'
}

export const keepView = (view: StartView): void => localStorage.setItem(KEPT, view)
export const viewWord = (view: StartView): WordKey => `start.${view}`
