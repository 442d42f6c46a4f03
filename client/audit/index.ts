/** The audit as a package of its own: it brings the whole ledger along, which a payee's checks do without. */
export { type AuditOptions, type AuditReport, type Finding, type PayeeLine, runAudit } from './audit.ts'
