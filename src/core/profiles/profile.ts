import { z } from 'zod'

/** What limits of input a profile has. */
export const profileLimits = {
  skills: 50,
  skill: 100,
  resumeBytesMax: 5 * 1024 * 1024,
  /** How many of those who vouch are named. */
  vouchesShown: 100,
  vouchesPerDay: 20,
  reposMax: 30,
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
    rating_average: z
      .number()
      .nullable()
      .describe(
        'Of the reviews that count, to two places: null without one. At least $10 was released between the two.',
      ),
    rating_count: z.int().describe('How many reviews count.'),
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

/** That somebody vouches for somebody, for good. */
export const Vouch = z
  .strictObject({
    user_id: z.uuid().describe('Who vouches.'),
    vouched_user_id: z.uuid(),
    display_name: z.string().describe('Of the person vouched for.'),
    worked_together: z.boolean(),
    created_at: z.string(),
  })
  .meta({ id: 'Vouch' })
export type Vouch = z.infer<typeof Vouch>

/** What one party of a completed contract says of the other. */
export const Review = z
  .strictObject({
    id: z.uuid(),
    rating: z.int().describe('1 to 5.'),
    review_text: z.string(),
    reviewer_user_id: z.uuid().nullable().describe('null when they have gone.'),
    reviewer_display_name: z.string().nullable(),
    released_cents: z.int().describe('What their contract had paid out.'),
    counted: z.boolean().describe('Whether it goes into the average.'),
    created_at: z.string(),
  })
  .meta({ id: 'Review' })
export type Review = z.infer<typeof Review>

export const GitHubRepo = z.strictObject({
  name: z.string(),
  html_url: z.string(),
  description: z.string().nullable(),
  stargazers_count: z.int(),
  updated_at: z.string().nullable(),
  language: z.string().nullable(),
})
export type GitHubRepo = z.infer<typeof GitHubRepo>

export const GitHubRepos = z.strictObject({
  github_username: z.string(),
  github_profile_url: z.string(),
  repos: z.array(GitHubRepo),
})
export type GitHubRepos = z.infer<typeof GitHubRepos>

export const Bio = z.string().max(10_000)
export const Skills = z
  .array(z.string().trim().min(1, 'must not be empty').max(profileLimits.skill))
  .max(profileLimits.skills)
export const WebsiteUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https address' }).max(2_000)
