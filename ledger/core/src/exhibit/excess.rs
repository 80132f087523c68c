use thiserror::Error;

/// More of something than an exhibit may hold. What is read is refused by [`super::Exhibit::parse`], at the
/// place where it stands; whoever makes an exhibit wants to hear it by name. The limits are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{actual} {what}, at most {limit} are allowed")]
pub struct Excess {
    /// What there is too much of.
    pub what: &'static str,
    /// The limit.
    pub limit: usize,
    /// How much there is.
    pub actual: usize,
}

/// The first of `counts` that is above its limit.
pub(super) fn check_limits(counts: &[(&'static str, usize, usize)]) -> Result<(), Excess> {
    let is_excess = |(_, actual, limit): &&(_, usize, usize)| actual > limit;
    match counts.iter().find(is_excess) {
        Some(&(what, actual, limit)) => Err(Excess { what, limit, actual }),
        None => Ok(()),
    }
}
