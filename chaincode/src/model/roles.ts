/** Values of the certificate attribute `role`; several may stand in it, separated by commas. */
export const ROLES = ['operator', 'maker', 'checker', 'treasurer', 'compliance', 'auditor'] as const
export type Role = (typeof ROLES)[number]
