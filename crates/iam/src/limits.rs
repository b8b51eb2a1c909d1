//! IAM's quotas on policy documents, in characters without white space.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>

/// Longest document that is read at all, white space included.
pub const MAX_DOCUMENT_LEN: usize = 131_072;
pub const MANAGED_POLICY: usize = 6_144;
pub const ROLE_TRUST_POLICY: usize = 2_048;
/// Inline policies, summed over one user.
pub const USER_INLINE: usize = 2_048;
/// Inline policies, summed over one group.
pub const GROUP_INLINE: usize = 5_120;
/// Inline policies, summed over one role.
pub const ROLE_INLINE: usize = 10_240;
pub const SESSION_POLICY: usize = 2_048;
pub const SERVICE_CONTROL_POLICY: usize = 5_120;

/// Characters that count towards the quotas: all but white space.
pub fn policy_size(document: &str) -> usize {
    document.chars().filter(|c| !c.is_whitespace()).count()
}
