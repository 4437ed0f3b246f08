import besunny from './index.js'

export const {
  BesunnyError,
  Documents,
  Events,
  JobFailure,
  Jobs,
  Mail,
  NewJob,
  Projects,
  Subscription,
  UserHandle,
  UserMail,
  Users,
  VirtualClock,
  Workspace,
} = besunny
