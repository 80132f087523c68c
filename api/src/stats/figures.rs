//! Figures of one agency, one request, or all.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Figures of one agency, one request, or all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Items that were taken, made or registered; for a request, those that were taken for it or moved under it.
    pub items: u64,
    /// Moves that both sides signed: from hand to hand, out of storage and back, and receipts.
    pub handoffs: u64,
    /// From release to receipt, as claimed.
    pub claimed_minutes: Spread,
    /// From release to receipt, as recorded.
    pub recorded_minutes: Spread,
    /// Receipts of what was expected by some time.
    pub expected: u64,
    /// Those by that time.
    pub on_time: u64,
    /// Refusals by ground.
    pub refused: BTreeMap<&'static str, u64>,
    /// Releases that were taken back.
    pub recalled: u64,
    /// Corrections.
    pub corrected: u64,
    /// Disputes.
    pub disputes_raised: u64,
    /// Those that were resolved.
    pub disputes_resolved: u64,
    /// Records that came too late.
    pub late_entries: u64,
    /// Moves that one side alone signed.
    pub one_side_only: u64,
    /// Releases that nobody has answered in full.
    pub open_transits: u64,
    /// Those that were expected before now.
    pub overdue: u64,
    /// Requests by the step that they are at.
    pub requests: BTreeMap<&'static str, u64>,
    /// From transmitted to fulfilled.
    pub fulfilled_days: Spread,
}

impl Figures {
    /// All refusals.
    pub fn refused_in_all(&self) -> u64 {
        self.refused.values().sum()
    }

    /// Percent of what was expected by some time and was there by then; `None` where nothing was.
    pub fn on_time_percent(&self) -> Option<u64> {
        (self.on_time * 100).checked_div(self.expected)
    }

    /// For programs.
    pub fn to_json(&self) -> Value {
        json!({
            "items": self.items,
            "handoffs": self.handoffs,
            "release_to_receipt": {
                "count": self.claimed_minutes.count(),
                "claimed_minutes": spread_json(&self.claimed_minutes),
                "recorded_minutes": spread_json(&self.recorded_minutes),
            },
            "expected": { "count": self.expected, "on_time": self.on_time },
            "refused": { "count": self.refused_in_all(), "by_ground": self.refused },
            "recalled": self.recalled,
            "corrected": self.corrected,
            "disputes": {
                "raised": self.disputes_raised,
                "resolved": self.disputes_resolved,
                "open": self.disputes_raised - self.disputes_resolved,
            },
            "late_entries": self.late_entries,
            "one_side_only": self.one_side_only,
            "overdue": self.overdue,
            "open_transits": self.open_transits,
            "requests": {
                "by_step": self.requests,
                "fulfilled": self.fulfilled_days.count(),
                "median_days": self.fulfilled_days.percentile(50),
            },
        })
    }
}

fn spread_json(spread: &Spread) -> Value {
    json!({ "median": spread.percentile(50), "p90": spread.percentile(90) })
}

/// How often each number came: exact percentiles, in memory by different numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    numbers: BTreeMap<u64, u64>,
    count: u64,
}

impl Spread {
    /// Another number.
    pub fn add(&mut self, number: u64) {
        *self.numbers.entry(number).or_default() += 1;
        self.count += 1;
    }

    /// How many.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The smallest number that at least `percent` of a hundred do not exceed; `None` of none.
    pub fn percentile(&self, percent: u64) -> Option<u64> {
        let rank = (self.count * percent).div_ceil(100).max(1);
        let mut below = 0;
        self.numbers.iter().find_map(|(number, times)| {
            below += times;
            (below >= rank).then_some(*number)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the definition, on every list of up to 30 numbers in a row.
    #[test]
    fn percentiles_are_those_of_the_sorted_list() {
        for count in 1..=30_u64 {
            let mut spread = Spread::default();
            (0..count).rev().for_each(|number| spread.add(number * 10));
            for percent in [1, 50, 90, 100] {
                let fits = |number: &u64| (number / 10 + 1) * 100 >= count * percent;
                let expected = (0..count).map(|number| number * 10).find(fits);
                assert_eq!(spread.percentile(percent), expected, "{percent} % of {count}");
            }
        }
        assert_eq!(Spread::default().percentile(50), None);
    }
}
