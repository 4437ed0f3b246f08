import besunny from './index.js'

export const {
  BesunnyError,
  Documents,
  Events,
  Google,
  JobFailure,
  Jobs,
  Mail,
  Meetings,
  NewJob,
  Projects,
  Subscription,
  UserGoogle,
  UserHandle,
  UserMail,
  Users,
  VirtualClock,
  Webhooks,
  Workspace,
} = besunny
