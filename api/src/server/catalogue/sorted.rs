//! A table in the order of its keys, of which a copy costs nothing: what is in it is shared, and changed for one alone.
//!
//! Most rows lie in one vector; what was changed lately lies beside it, and is moved into it when it is much.

use std::collections::{BTreeMap, btree_map};
use std::iter::Peekable;
use std::ops::Bound;
use std::slice;
use std::sync::Arc;

/// Rows that may lie beside the others, besides one for each [`SHARE`] of those: what a change copies, where somebody still
/// looks at the table as it was, is then some 100 KiB, and of a million rows 1 MiB.
const RECENT: usize = 2048;
const SHARE: usize = 64;

/// A table with rows `K`, `V`.
#[derive(Clone)]
pub struct Sorted<K, V> {
    settled: Arc<Vec<(K, V)>>,
    /// `None` where the row is no more.
    recent: Arc<BTreeMap<K, Option<V>>>,
}

impl<K: Ord + Clone, V: Clone> Sorted<K, V> {
    /// A table of these rows, of which no two have the same key.
    pub fn of(mut rows: Vec<(K, V)>) -> Self {
        rows.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        rows.shrink_to_fit();
        Self { settled: Arc::new(rows), recent: Arc::default() }
    }

    /// How many rows there are, give or take those that were changed lately.
    pub fn len(&self) -> usize {
        self.settled.len() + self.recent.len()
    }

    /// What the table has under `key`.
    pub fn get(&self, key: &K) -> Option<&V> {
        if let Some(changed) = self.recent.get(key) {
            return changed.as_ref();
        }
        let at = self.settled.binary_search_by(|row| row.0.cmp(key)).ok()?;
        Some(&self.settled[at].1)
    }

    /// From now on the table has `value` under `key`, or nothing.
    pub fn set(&mut self, key: K, value: Option<V>) {
        Arc::make_mut(&mut self.recent).insert(key, value);
        if self.recent.len() > RECENT + self.settled.len() / SHARE {
            self.settle();
        }
    }

    /// The rows from `begin` on.
    pub fn rows(&self, begin: Bound<&K>) -> Rows<'_, K, V> {
        let start = self.settled.partition_point(|row| match begin {
            Bound::Included(key) => row.0 < *key,
            Bound::Excluded(key) => row.0 <= *key,
            Bound::Unbounded => false,
        });
        let recent = self.recent.range((begin, Bound::Unbounded));
        Rows { settled: self.settled[start..].iter().peekable(), recent: recent.peekable() }
    }

    fn settle(&mut self) {
        let mut rows = Vec::with_capacity(self.settled.len() + self.recent.len());
        rows.extend(self.rows(Bound::Unbounded).map(|(key, value)| (key.clone(), value.clone())));
        (self.settled, self.recent) = (Arc::new(rows), Arc::default());
    }
}

/// Rows in the order of their keys.
pub struct Rows<'t, K, V> {
    settled: Peekable<slice::Iter<'t, (K, V)>>,
    recent: Peekable<btree_map::Range<'t, K, Option<V>>>,
}

impl<'t, K: Ord, V> Iterator for Rows<'t, K, V> {
    type Item = (&'t K, &'t V);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let newest = self.recent.peek().map(|(key, _)| *key);
            let settled = self.settled.next_if(|row| newest.is_none_or(|key| row.0 <= *key));
            // A row under the key of a newer one is what was there before.
            if let Some((key, value)) = settled
                && Some(key) != newest
            {
                return Some((key, value));
            }
            let (key, changed) = self.recent.next()?;
            if let Some(value) = changed {
                return Some((key, value));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sequence of numbers that follows from its beginning: xorshift64.
    fn numbers(mut state: u64) -> impl FnMut(u64) -> u64 {
        move |below| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % below
        }
    }

    fn compare(table: &Sorted<u64, u64>, known: &BTreeMap<u64, u64>, from: u64) {
        for begin in [Bound::Unbounded, Bound::Included(&from), Bound::Excluded(&from)] {
            assert!(table.rows(begin).eq(known.range((begin, Bound::Unbounded))), "{begin:?}");
        }
        for key in from..from + 50 {
            assert_eq!(table.get(&key), known.get(&key));
        }
    }

    #[test]
    fn it_has_what_a_map_has_and_copies_stay_as_they_were() {
        let mut next = numbers(20_261_127);
        let begun: BTreeMap<_, _> = (0..20_000).map(|at| (at * 3, at)).collect();
        let (mut known, mut table) = (begun.clone(), Sorted::of(begun.into_iter().rev().collect()));
        let mut kept = Vec::new();
        // More changes than lie beside the others, several times.
        for step in 0..10_000_u64 {
            let key = next(70_000);
            match next(3) {
                0 => {
                    known.remove(&key);
                    table.set(key, None);
                }
                _ => {
                    known.insert(key, step);
                    table.set(key, Some(step));
                }
            }
            if step % 1_000 == 0 {
                compare(&table, &known, next(70_000));
                kept.push((table.clone(), known.clone()));
            }
        }
        assert!(!Arc::ptr_eq(&table.settled, &kept[0].0.settled), "it was settled");
        for (table, known) in &kept {
            compare(table, known, next(70_000));
        }
        let none = Sorted::<u64, u64>::of(Vec::new());
        compare(&none, &BTreeMap::new(), 0);
    }
}
