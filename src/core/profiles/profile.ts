import { z } from 'zod'

/** What limits of input a profile has. */
export const profileLimits = {
  skills: 50,
  skill: 100,
  resumeBytesMax: 5 * 1024 * 1024,
  /** How many of those who vouch are named. */
  vouchesShown: 100,
  vouchesPerDay: 20,
} as const

export const UserType = z.enum(['client', 'freelancer'])
export type UserType = z.infer<typeof UserType>

const Score = z
  .int()
  .describe('0 to 100: how reliably they answer when it is their turn; 50 for a newcomer. Nobody can set it.')
const ScoreParts = z
  .strictObject({
    answered: z.int().describe('Turns they answered in time.'),
    expected: z.int().describe('Turns they had.'),
  })
  .describe('What the score is made of: 100 × (answered + 5) / (expected + 10).')
const Voucher = z.strictObject({
  user_id: z.uuid(),
  display_name: z.string(),
  worked_together: z.boolean().describe('Whether the two have a verified job or a completed contract with each other.'),
})
const vouchedBy = z.array(Voucher).describe(`Who vouches for them, the newest ${profileLimits.vouchesShown}.`)

/** What anybody may know of a person. Never e-mail, money or anything of the payment provider. */
export const PublicProfile = z
  .strictObject({
    user_id: z.uuid(),
    user_type: UserType,
    display_name: z.string(),
    bio: z.string().nullable(),
    skills: z.array(z.string()),
    resume_url: z.string().nullable().describe('A download at this market, or wherever they keep it.'),
    portfolio_website_url: z.string().nullable(),
    ghost_score: Score,
    ghost_score_parts: ScoreParts,
    github_username: z.string().nullable(),
    github_profile_url: z.string().nullable(),
    vouched_by: vouchedBy,
    vouch_count: z.int().describe('How many vouch for them in all.'),
  })
  .meta({ id: 'PublicProfile' })
export type PublicProfile = z.infer<typeof PublicProfile>

/** A person's profile as they see it themselves. */
export const Profile = PublicProfile.extend({
  credits_balance: z.int().describe('Whole credits.'),
  subscription_tier: z.enum(['free', 'starter', 'pro', 'team']),
}).meta({ id: 'Profile' })
export type Profile = z.infer<typeof Profile>

/** What a recruiter sees of a person beside their application. */
export const WorkerProfile = PublicProfile.pick({
  user_id: true,
  display_name: true,
  bio: true,
  skills: true,
  ghost_score: true,
  github_username: true,
  github_profile_url: true,
  vouched_by: true,
}).meta({ id: 'WorkerProfile' })
export type WorkerProfile = z.infer<typeof WorkerProfile>

export const Bio = z.string().max(10_000)
export const Skills = z
  .array(z.string().trim().min(1, 'must not be empty').max(profileLimits.skill))
  .max(profileLimits.skills)
export const WebsiteUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https address' }).max(2_000)
