import besunny from './index.js'

export const { BesunnyError, Workspace, Users, UserHandle, Mail, UserMail, Projects, Documents, Events, Subscription } = besunny
